//! Each test once on each engine, under names that tell which: `<test>::sqlite` and `<test>::pg`.

use crate::Bed;

/// What tests of a crate are handed: a [`Bed`], or something of that crate on top of one.
pub trait Setup: Sized {
    /// Sets it up on a fresh bed.
    fn on(bed: Bed) -> impl Future<Output = Self>;
}

impl Setup for Bed {
    async fn on(bed: Bed) -> Self {
        bed
    }
}

/// What [`both!`] makes of a test.
#[doc(hidden)]
pub async fn run<T: Setup>(bed: impl Future<Output = Bed>, test: impl AsyncFnOnce(&T)) {
    test(&T::on(bed.await).await).await;
}

/// Runs each named `async fn(&T)` of this module, `T` being a [`Setup`], once on SQLite and once on
/// PostgreSQL; after `threads:` on several threads. The caller needs tokio. A test that is left out
/// of the list is dead code, which the compiler reports.
#[macro_export]
macro_rules! both {
    (threads: $($test:ident),+ $(,)?) => {
        $crate::both!(@ (flavor = "multi_thread") $($test)+);
    };
    (@ $how:tt $($test:ident)+) => {$(
        mod $test {
            #[tokio::test $how]
            async fn sqlite() {
                $crate::run($crate::Bed::sqlite(), super::$test).await;
            }

            #[tokio::test $how]
            async fn pg() {
                $crate::run($crate::Bed::postgres(), super::$test).await;
            }
        }
    )+};
    ($($test:ident),+ $(,)?) => {
        $crate::both!(@ (flavor = "current_thread") $($test)+);
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::Engine;

    struct Named {
        engine: Engine,
        module: Option<String>,
        _bed: Bed,
    }

    impl Setup for Named {
        async fn on(bed: Bed) -> Self {
            let thread = std::thread::current();
            let module = thread.name().and_then(|name| name.rsplit("::").next()).map(str::to_owned);
            Self { engine: bed.cx.store.engine(), module, _bed: bed }
        }
    }

    both!(the_name_of_a_test_tells_its_engine);
    both!(threads: several_threads_share_the_work);

    async fn the_name_of_a_test_tells_its_engine(named: &Named) {
        let expect = if named.engine == Engine::Sqlite { "sqlite" } else { "pg" };
        assert_eq!(named.module.as_deref(), Some(expect));
    }

    async fn several_threads_share_the_work(_: &Named) {
        let flavor = tokio::runtime::Handle::current().runtime_flavor();
        assert_eq!(flavor, tokio::runtime::RuntimeFlavor::MultiThread);
    }
}
