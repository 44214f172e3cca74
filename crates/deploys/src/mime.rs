//! Media types by file name, with the charset that text needs.

/// Endings that the general list does not know, or knows as what no site means by them.
const OWN: [(&str, &str); 3] =
    [(".map", "application/json"), (".cjs", "application/javascript"), (".ts", "video/mp2t")];

/// The type of a file named `path`.
pub(crate) fn of_path(path: &str) -> String {
    let guess = mime_guess::from_path(path).first_or_octet_stream();
    let own = OWN.iter().find(|(ending, _)| path.ends_with(ending));
    let essence = match own.map_or(guess.essence_str(), |(_, essence)| essence) {
        "text/javascript" | "application/x-javascript" => "application/javascript",
        other => other,
    };
    let text =
        essence.starts_with("text/") || matches!(essence, "application/javascript" | "application/json");
    if text { format!("{essence}; charset=UTF-8") } else { essence.to_owned() }
}

/// Whether compressing content of this type can pay.
pub(crate) fn compresses(mime: &str) -> bool {
    let essence = mime.split(';').next().unwrap_or(mime).trim();
    essence.starts_with("text/")
        || essence.ends_with("+xml")
        || essence.ends_with("+json")
        || matches!(
            essence,
            "application/javascript"
                | "application/json"
                | "application/xml"
                | "application/wasm"
                | "application/manifest+json"
                | "font/ttf"
                | "font/otf"
                | "application/vnd.ms-fontobject"
                | "image/x-icon"
                | "image/bmp"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_common_files() {
        for (path, mime, squeezed) in [
            ("/index.html", "text/html; charset=UTF-8", true),
            ("/app.js", "application/javascript; charset=UTF-8", true),
            ("/data.json", "application/json; charset=UTF-8", true),
            ("/img.svg", "image/svg+xml", true),
            ("/x.wasm", "application/wasm", true),
            ("/pic.png", "image/png", false),
            ("/noext", "application/octet-stream", false),
            ("/f.woff2", "font/woff2", false),
            ("/feed.xml", "text/xml; charset=UTF-8", true),
            ("/app.js.map", "application/json; charset=UTF-8", true),
            ("/lib.cjs", "application/javascript; charset=UTF-8", true),
            ("/film/1.ts", "video/mp2t", false),
        ] {
            assert_eq!(of_path(path), mime, "{path}");
            assert_eq!(compresses(mime), squeezed, "{path}");
        }
    }
}
