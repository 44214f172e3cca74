//! Nothing: the flows are the tests of this package.
