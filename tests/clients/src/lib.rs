//! Nothing but tests: `tests/clients` drives real, unmodified clients against a started server.
