//! Which country an address is in, by a database file in the format of MaxMind that the operator
//! brings along. It is read into memory once.

use maxminddb::{MaxMindDbError, Reader, path};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// Addresses and their countries.
pub struct Countries(Reader<Vec<u8>>);

/// A file that is no such database.
#[derive(Debug, thiserror::Error)]
#[error("{} is no database of countries in the format of MaxMind: {cause}", file.display())]
pub struct NoCountries {
    file: PathBuf,
    cause: MaxMindDbError,
}

impl Countries {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or is no such database.
    pub fn open(file: &Path) -> Result<Self, NoCountries> {
        let reader = Reader::open_readfile(file);
        reader.map(Self).map_err(|cause| NoCountries { file: file.to_owned(), cause })
    }

    /// The two letters of the country of an address, if it is known.
    pub(crate) fn of(&self, address: IpAddr) -> Option<&str> {
        let found = self.0.lookup(address.to_canonical()).ok()?;
        found.decode_path(&path!["country", "iso_code"]).ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A database in which every IPv4 address below 128.0.0.0 is in Australia, by the published
    /// format: a tree of one node, a data section of one map, and the description.
    fn database() -> Vec<u8> {
        let text = |text: &str| [vec![0x40 | text.len() as u8], text.as_bytes().to_vec()].concat();
        let tree = [0, 0, 1 + 16, 0, 0, 1];
        let country = [vec![0xe1], text("iso_code"), text("AU")].concat();
        let data = [vec![0xe1], text("country"), country].concat();
        let number = |name: &str, value: u8| [text(name), vec![0xa1, value]].concat();
        let wide = |name: &str, kind: &[u8]| [text(name), kind.to_vec(), vec![1]].concat();
        let description = [
            vec![0xe9],
            wide("node_count", &[0xc1]),
            number("record_size", 24),
            number("ip_version", 4),
            [text("database_type"), text("Country")].concat(),
            [text("languages"), vec![0x00, 0x04]].concat(),
            number("binary_format_major_version", 2),
            number("binary_format_minor_version", 0),
            wide("build_epoch", &[0x01, 0x02]),
            [text("description"), vec![0xe0]].concat(),
        ];
        let mark = b"\xab\xcd\xefMaxMind.com".to_vec();
        [tree.to_vec(), vec![0; 16], data, mark, description.concat()].concat()
    }

    #[test]
    fn an_address_is_in_a_country_or_in_none() {
        let file = tempfile::NamedTempFile::new().expect("a file can be made");
        std::fs::write(file.path(), database()).expect("it can be written");
        let countries = Countries::open(file.path()).expect("it is a database");
        for (address, expect) in [
            ("1.2.3.4", Some("AU")),
            ("127.255.255.255", Some("AU")),
            ("::ffff:1.2.3.4", Some("AU")),
            ("200.1.1.1", None),
            ("2001:db8::1", None),
        ] {
            assert_eq!(countries.of(address.parse().expect("an address")), expect, "{address}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_its_name() {
        let file = tempfile::NamedTempFile::new().expect("a file can be made");
        std::fs::write(file.path(), b"no database").expect("it can be written");
        let error = Countries::open(file.path()).err().expect("it is none").to_string();
        assert!(error.contains(&file.path().display().to_string()), "{error}");
        assert!(Countries::open(Path::new("/nowhere")).is_err());
    }
}
