//! Paging as the Netlify API does it: `page` from 1, `per_page` up to 100, a `Link` header.

/// Rows of a page when the caller does not say.
pub const PER_PAGE_DEFAULT: u32 = 100;
/// Most rows of a page; more is cut to this.
pub const PER_PAGE_MAX: u32 = 100;

/// Which slice of a list is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The page, from 1.
    pub number: u32,
    /// Rows of one page, 1 to [`PER_PAGE_MAX`].
    pub size: u32,
}

impl Default for Page {
    fn default() -> Self {
        Self { number: 1, size: PER_PAGE_DEFAULT }
    }
}

impl Page {
    /// A page from what a query says; zero and absence mean the default.
    #[must_use]
    pub fn new(number: Option<u32>, size: Option<u32>) -> Self {
        Self {
            number: number.unwrap_or(1).max(1),
            size: size.filter(|s| *s > 0).unwrap_or(PER_PAGE_DEFAULT).min(PER_PAGE_MAX),
        }
    }

    /// Rows before this page.
    #[must_use]
    pub fn offset(self) -> i64 {
        i64::from(self.number - 1) * i64::from(self.size)
    }

    /// Rows of this page.
    #[must_use]
    pub fn limit(self) -> i64 {
        i64::from(self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_clamped() {
        assert_eq!(Page::new(None, None), Page { number: 1, size: 100 });
        assert_eq!(Page::new(Some(0), Some(0)), Page { number: 1, size: 100 });
        assert_eq!(Page::new(Some(3), Some(5000)), Page { number: 3, size: 100 });
        assert_eq!((Page::new(Some(3), Some(20)).offset(), Page::new(Some(3), Some(20)).limit()), (40, 20));
    }
}
