//! `GET /submissions/{submission_id}/files/{field}`: the file that came in a field. Strangers chose
//! content, type and name: it is handed out as something to save, never to show.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use axum::body::Body;
use http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, X_CONTENT_TYPE_OPTIONS};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

pub(crate) async fn handle(call: Call) -> Outcome {
    let file = ::forms::file(&call.cx, call.param("submission_id"), call.param("field")).await?;
    Ok(Reply::raw("application/octet-stream", Body::from_stream(file.content))
        .header(CONTENT_DISPOSITION, &disposition(&file.filename))
        .header(CONTENT_LENGTH, &file.size.to_string())
        .header(X_CONTENT_TYPE_OPTIONS, "nosniff"))
}

/// To be saved under its name (RFC 6266), which may have any letters.
fn disposition(filename: &str) -> String {
    format!("attachment; filename*=UTF-8''{}", utf8_percent_encode(filename, NON_ALPHANUMERIC))
}

#[cfg(test)]
mod tests {
    use super::disposition;

    #[test]
    fn names_cannot_leave_their_place() {
        for (name, expect) in
            [("a.pdf", "a%2Epdf"), ("a\"; x=\r\ny", "a%22%3B%20x%3D%0D%0Ay"), ("é", "%C3%A9")]
        {
            assert_eq!(disposition(name), format!("attachment; filename*=UTF-8''{expect}"));
        }
    }
}
