//! What a visitor gets (X13 to X16, X18 to X21, X25, X26).

use super::world::{Demo, ask, install, register};
use crate::origin::{Origin, assert_streams, assert_upgrades, fed, send};
use crate::support::id;
use bytes::Bytes;
use http::Method;
use http_body_util::BodyExt as _;
use serde_json::json;
use testbed::{Scripted, Turn};
use testkit::{Platform, both};

/// Bytes that go to the provider and back.
const LARGE: usize = 32 << 20;

both! {
    /// Whatever the provider says is the answer; only the visitor's token on the site is not its to set.
    async fn the_answer_is_the_providers(p: Platform) {
        let demo = Demo::start(&p, "").await;
        let snippet = json!({ "title": "t", "general": "<b>put in</b>", "general_position": "head" });
        p.owner().post(&format!("/sites/{}/snippets", id(&demo.site)), snippet).await.expect(201);
        for status in [200, 201, 204, 299, 304, 400, 404, 418, 500, 503] {
            demo.provider.next([Turn::Empty(status)]);
            let reply = ask(&p, "harbour", "GET /.netlify/demo/a", &[], b"").await;
            assert_eq!((reply.status, reply.text().as_str()), (status, ""));
        }
        demo.provider.next([Turn::Redirect("https://elsewhere.example/x?y".to_owned())]);
        let moved = ask(&p, "harbour", "GET /.netlify/demo/a", &[], b"").await;
        assert_eq!((moved.status, moved.all("location")), (302, vec!["https://elsewhere.example/x?y"]));
        let page = "<html><head></head><body>\u{0}packed</body></html>";
        demo.provider.next([Turn::Text(200, "text/html\r\nContent-Encoding: zstd", page.to_owned())]);
        let whole = ask(&p, "harbour", "GET /.netlify/demo/a", &[("Accept-Encoding", "gzip")], b"").await;
        assert_eq!((whole.text().as_str(), whole.all("content-encoding")), (page, vec!["zstd"]));
        let cookies = "a=1; Path=/\r\nSet-Cookie: nf_jwt=stolen; Path=/\r\nSet-Cookie: b=2\r\nSet-Cookie: =nf_jwt=x";
        demo.provider.next([Turn::With(200, "Set-Cookie", cookies.to_owned())]);
        let set = ask(&p, "harbour", "GET /.netlify/demo/a", &[], b"").await;
        assert_eq!(set.all("set-cookie"), ["a=1; Path=/", "b=2"]);
    }
}

/// A site whose add-on leads to an origin that streams; the visitor's request to it.
async fn streaming(p: &Platform, origin: &Origin) -> Scripted {
    let demo = Demo::start(p, "").await;
    let provider = Scripted::start(|came| match came.method.as_str() {
        "POST" => {
            let endpoint = came.json()["config"]["config"]["endpoint"].clone();
            Turn::Json(201, json!({ "id": "r", "endpoint": endpoint }))
        }
        _ => Turn::Json(200, json!({ "name": "Stream" })),
    })
    .await;
    register(p, "stream", &provider).await;
    install(p, &demo.site, "stream", json!({ "endpoint": origin.url() })).await;
    provider
}

both! {
    /// Bytes pass while they come: what is sent comes back before the rest is sent.
    async fn bodies_of_addons_stream_both_ways(p: Platform) {
        let origin = Origin::start().await;
        let _provider = streaming(&p, &origin).await;
        assert_streams(&p, "harbour", "/.netlify/stream/echo", LARGE).await;
    }
}

both! {
    /// An upgraded connection goes through, signed like any request.
    async fn connections_to_addons_are_upgraded(p: Platform) {
        let origin = Origin::start().await;
        let _provider = streaming(&p, &origin).await;
        assert_upgrades(&p, "harbour", "/.netlify/stream/upgrade").await;
    }
}

both! {
    /// Events are seen as they happen: the first while the second has not been sent.
    async fn events_are_not_held_back(p: Platform) {
        let origin = Origin::start().await;
        let _provider = streaming(&p, &origin).await;
        let (feed, body) = fed();
        let asked = p.visitor()
            .head("harbour", Method::POST, "/.netlify/stream/echo")
            .header("accept", "text/event-stream");
        feed.send(Bytes::from("data: 1\n\n")).await.expect("it is read");
        let mut answer = send(p.address(), asked.body(body).expect("a request")).await;
        for event in ["data: 1\n\n", "data: 2\n\n"] {
            let frame = answer.body_mut().frame().await.expect("an event").expect("it is whole");
            assert_eq!(frame.into_data().expect("no trailer"), event);
            let _ = feed.send(Bytes::from("data: 2\n\n")).await;
        }
    }
}

fn impatient(config: &mut boathook::Config) {
    config.proxy_timeout = 1;
}

both! { with impatient;
    /// A provider that is broken or silent costs a page, and keeps nobody else waiting.
    async fn a_bad_provider_costs_a_page(p: Platform) {
        let demo = Demo::start(&p, "").await;
        for (turn, status, word) in [
            (Turn::Die, 502, "nobody answers"),
            (Turn::Half(200, json!({ "some": "text" })), 502, "nobody answers"),
        ] {
            demo.provider.next([turn]);
            let reply = ask(&p, "harbour", "GET /.netlify/demo/a", &[], b"").await;
            assert!(reply.status == status && reply.text().contains(word), "{reply:?}");
        }
        demo.provider.forget();
        demo.provider.next([Turn::Hang]);
        let waiting = ask(&p, "harbour", "GET /.netlify/demo/a", &[], b"");
        let others = async {
            demo.provider.wait_for(1).await;
            let other = ask(&p, "harbour", "GET /.netlify/demo/b", &[], b"").await;
            assert_eq!(other.status, 200);
            assert_eq!(ask(&p, "harbour", "GET /", &[], b"").await.text(), "here");
        };
        let (late, ()) = tokio::join!(waiting, others);
        assert!(late.status == 504 && late.text().contains("in time"), "{late:?}");
        drop(demo.provider);
        let gone = ask(&p, "harbour", "GET /.netlify/demo/a", &[], b"").await;
        assert_eq!(gone.status, 502);
        for reply in [late, gone] {
            assert!(!reply.text().contains("127.0.0.1") && !reply.text().contains(&demo.secret));
        }
    }
}
