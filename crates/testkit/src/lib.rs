//! The stage for tests that go through the front door: a server in this process or a real one beside
//! it, on either engine, with actors that speak HTTP to it and receivers that record what it sends.
//! It knows how to reach a server and nothing of what a right answer is.

mod actor;
mod answer;
mod clock;
mod engine;
mod exchange;
mod platform;
mod process;
mod program;
mod receiver;
mod stage;
mod visitor;
mod wait;

pub use actor::{Actor, Files};
pub use answer::Answer;
pub use clock::MovableClock;
pub use engine::Engine;
pub use platform::{OWNER_TOKEN, Platform};
pub use process::Process;
pub use program::{Ended, program};
pub use receiver::{Delivered, Reaction, Receiver};
pub use stage::{as_it_is, on_platform, on_process, on_s3};
pub use visitor::Visitor;
pub use wait::{LIMIT, STEP, until, until_within};

/// Makes the tests `name::sqlite` and `name::pg` of one flow. The parameter's type says whether the
/// server runs in this process (`Platform`) or is the real program (`Process`); `with f;` in front lets
/// `f: fn(&mut Config)` change a platform's configuration.
#[macro_export]
macro_rules! both {
    (with $adjust:path; $(#[doc = $doc:expr])* async fn $name:ident($p:ident: Platform) $body:block) => {
        $(#[doc = $doc])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            async fn flow($p: $crate::Platform) $body
            #[test]
            fn sqlite() {
                $crate::on_platform($crate::Engine::Sqlite, $adjust, flow);
            }
            #[test]
            fn pg() {
                $crate::on_platform($crate::Engine::Postgres, $adjust, flow);
            }
        }
    };
    ($(#[doc = $doc:expr])* async fn $name:ident($p:ident: Platform) $body:block) => {
        $crate::both! { with $crate::as_it_is; $(#[doc = $doc])* async fn $name($p: Platform) $body }
    };
    ($(#[doc = $doc:expr])* async fn $name:ident(mut $p:ident: Process) $body:block) => {
        $(#[doc = $doc])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            async fn flow(mut $p: $crate::Process) $body
            #[test]
            fn sqlite() {
                $crate::on_process($crate::Engine::Sqlite, flow);
            }
            #[test]
            fn pg() {
                $crate::on_process($crate::Engine::Postgres, flow);
            }
        }
    };
}

/// Makes the test `name::s3` of one flow: blobs in the bucket of the test services.
#[macro_export]
macro_rules! s3 {
    ($(#[doc = $doc:expr])* async fn $name:ident($p:ident: Platform) $body:block) => {
        $(#[doc = $doc])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            async fn flow($p: $crate::Platform) $body
            #[test]
            fn s3() {
                $crate::on_platform($crate::Engine::Sqlite, $crate::on_s3, flow);
            }
        }
    };
}
