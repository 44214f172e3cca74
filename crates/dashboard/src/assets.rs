//! Style, script and icons, embedded in the binary. Addresses carry a digest of all of them, so a
//! browser keeps a file until the next version of the server.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use rust_embed::RustEmbed;
use std::sync::LazyLock;

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Assets;

/// Part of every asset's address: changes when one of them does.
pub(crate) static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mixed = Assets::iter().filter_map(|path| Assets::get(&path)).fold([0u8; 32], |mut all, file| {
        all.iter_mut().zip(file.metadata.sha256_hash()).for_each(|(a, b)| *a = a.rotate_left(1) ^ b);
        all
    });
    mixed.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
});

/// `GET /assets/{version}/{path}`.
pub(crate) async fn serve(Path((_, path)): Path<(String, String)>) -> Response {
    let Some(file) = Assets::get(&path) else { return StatusCode::NOT_FOUND.into_response() };
    let headers = [(CONTENT_TYPE, media_type(&path)), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, file.data.into_owned()).into_response()
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    }
}
