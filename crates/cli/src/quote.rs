//! Variables as text that a shell or a program reads back to exactly the same values.

use crate::Environment;
use clap::ValueEnum;
use serde_json::{Map, Value};

/// How variables are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// bash, zsh, dash: eval "$(boathook env)"
    Sh,
    /// fish: boathook env --format fish | source
    Fish,
    /// PowerShell: boathook env --format powershell | Out-String | Invoke-Expression
    Powershell,
    /// An object of strings
    Json,
    /// Lines for a .env file
    Dotenv,
}

impl Format {
    /// All variables, with a line end after each.
    pub(crate) fn write(self, environment: &Environment) -> String {
        if self == Self::Json {
            let map: Map<String, Value> = environment.iter().map(|(k, v)| (k.to_owned(), v.into())).collect();
            return format!("{:#}\n", Value::Object(map));
        }
        environment.iter().map(|(name, value)| self.variable(name, value) + "\n").collect()
    }

    fn variable(self, name: &str, value: &str) -> String {
        match self {
            Self::Sh => format!("export {name}={}", sh(value)),
            Self::Fish => format!("set -gx {name} {}", fish(value)),
            Self::Powershell => format!("$env:{name} = {}", powershell(value)),
            Self::Dotenv | Self::Json => format!("{name}={}", dotenv(value)),
        }
    }
}

/// Nothing is special inside single quotes but the quote itself.
fn sh(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// As in sh, but a backslash escapes the quote and itself.
fn fish(value: &str) -> String {
    format!("'{}'", value.replace('\\', r"\\").replace('\'', r"\'"))
}

/// A quote is doubled; PowerShell takes typographic quotes for quotes too.
fn powershell(value: &str) -> String {
    let mut out = String::from("'");
    for char in value.chars() {
        out.push(char);
        if matches!(char, '\'' | '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}') {
            out.push(char);
        }
    }
    out + "'"
}

/// Plain where nothing is special; in single quotes, which no reader expands, where possible.
fn dotenv(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:/@,%+".contains(&byte);
    if !value.is_empty() && value.bytes().all(plain) {
        return value.to_owned();
    }
    if !value.contains(['\'', '\n', '\r']) {
        return format!("'{value}'");
    }
    let escaped = value.replace('\\', r"\\").replace('"', "\\\"").replace('$', r"\$");
    format!("\"{}\"", escaped.replace('\n', r"\n").replace('\r', r"\r"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(format: Format, value: &str, expect: &str) {
        assert_eq!(format.variable("A", value), expect, "{format:?}");
    }

    #[test]
    fn values_survive_their_shell() {
        use Format::{Dotenv, Fish, Powershell, Sh};
        for (format, value, expect) in [
            (Sh, "a b", "export A='a b'"),
            (Sh, "", "export A=''"),
            (Sh, "$(rm -rf /)`x`\"\\", "export A='$(rm -rf /)`x`\"\\'"),
            (Sh, "it's", r"export A='it'\''s'"),
            (Sh, "a\nb", "export A='a\nb'"),
            (Fish, "it's", r"set -gx A 'it\'s'"),
            (Fish, r"a\", r"set -gx A 'a\\'"),
            (Fish, "$HOME (x)", "set -gx A '$HOME (x)'"),
            (Powershell, "it's $x", "$env:A = 'it''s $x'"),
            (Powershell, "\u{2019}", "$env:A = '\u{2019}\u{2019}'"),
            (Dotenv, "http://h:1/a", "A=http://h:1/a"),
            (Dotenv, "a b#c $d", "A='a b#c $d'"),
            (Dotenv, "it's \"$x\"\n", r#"A="it's \"\$x\"\n""#),
            (Dotenv, "", "A=''"),
        ] {
            check(format, value, expect);
        }
    }

    #[test]
    fn a_real_shell_reads_the_same_value_back() {
        let nasty = "it's $HOME `id` \"x\" \\ ! * ~ #\n;|&<>()";
        let script = format!("{}; printf %s \"$A\"", Format::Sh.variable("A", nasty));
        let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), nasty);
    }
}
