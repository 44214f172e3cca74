//! Where the head and the body of an HTML page end: before its first `</head>` and its last
//! `</body>`, counting only tags that a browser takes for tags, not those in comments, scripts,
//! attribute values or templates. A small tokenizer after the HTML standard (section 13.2.5) that
//! takes a page in pieces and keeps nothing of it.

/// Offsets in bytes; none where the page has no such tag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ends {
    /// Of the first `</head>`.
    pub(crate) head: Option<u64>,
    /// Of the last `</body>`.
    pub(crate) body: Option<u64>,
}

/// Longest name of a tag that means something here.
const NAME_MAX: usize = 9;

/// Elements whose content is text up to their own end tag.
const RAW: [&[u8]; 9] =
    [b"script", b"style", b"textarea", b"title", b"xmp", b"iframe", b"noembed", b"noframes", b"noscript"];

/// Reads a page piece by piece.
#[derive(Default)]
pub(crate) struct Scanner {
    ends: Ends,
    state: State,
    /// Bytes read so far.
    at: u64,
    /// Where the tag that is being read begins.
    tag: u64,
    closing: bool,
    self_closing: bool,
    name: Name,
    /// The element whose text is being read.
    raw: Option<&'static [u8]>,
    script: Escape,
    /// Open templates: what is in them is no part of the page.
    templates: u32,
    /// Open svg and math elements, in which elements can close themselves.
    foreign: u32,
}

/// The name of a tag in lower case; too long ones are cut and equal nothing.
#[derive(Clone, Copy, Default)]
struct Name {
    bytes: [u8; NAME_MAX],
    length: usize,
}

/// How deep a script is inside `<!--` and another `<script>`: its end tag may not count there.
#[derive(Clone, Copy, Default, PartialEq)]
struct Escape {
    level: u8,
    dashes: u8,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum State {
    #[default]
    Text,
    Open,
    EndOpen,
    Name,
    BeforeAttribute,
    Attribute,
    AfterAttribute,
    BeforeValue,
    Quoted(u8),
    Unquoted,
    Slash,
    Bang,
    BangDash,
    /// Anything in `<! >` or `<? >`.
    Bogus,
    CommentStart,
    CommentStartDash,
    Comment,
    CommentDash,
    CommentEnd,
    CommentBang,
    /// `<![CDATA[ ]]>` in svg and math, and how many brackets were just read.
    Cdata(u8),
    Raw,
    RawOpen,
    RawEnd,
    /// `<s…` in an escaped script.
    RawStart,
    RawBang,
    RawBangDash,
    /// After `<plaintext>` nothing is a tag.
    Over,
}

impl Name {
    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = byte.to_ascii_lowercase();
        }
        self.length += 1;
    }

    fn is(&self, name: &[u8]) -> bool {
        self.bytes.get(..self.length) == Some(name)
    }
}

/// Where the tags of a whole page are.
#[cfg(test)]
pub(crate) fn of(page: &[u8]) -> Ends {
    let mut scanner = Scanner::default();
    scanner.read(page);
    scanner.ends()
}

impl Scanner {
    /// What was found in all that was read.
    pub(crate) fn ends(&self) -> Ends {
        self.ends
    }

    /// Reads the next piece of the page.
    pub(crate) fn read(&mut self, piece: &[u8]) {
        let mut rest = piece;
        while let Some(first) = rest.first() {
            let skipped = self.skippable(rest);
            if skipped > 0 {
                self.at += skipped as u64;
                rest = &rest[skipped..];
                continue;
            }
            self.step(*first);
            self.at += 1;
            rest = &rest[1..];
        }
    }

    /// Bytes that change nothing: text up to the next tag.
    fn skippable(&self, rest: &[u8]) -> usize {
        match self.state {
            State::Text => {}
            State::Raw if self.script.level == 0 => {}
            State::Over => return rest.len(),
            _ => return 0,
        }
        rest.iter().position(|byte| *byte == b'<').unwrap_or(rest.len())
    }

    fn step(&mut self, byte: u8) {
        self.state = match self.state {
            State::Text | State::Open | State::EndOpen | State::Name => self.in_tag(byte),
            State::BeforeAttribute
            | State::Attribute
            | State::AfterAttribute
            | State::BeforeValue
            | State::Quoted(_)
            | State::Unquoted
            | State::Slash => self.in_attributes(byte),
            State::Raw
            | State::RawOpen
            | State::RawEnd
            | State::RawStart
            | State::RawBang
            | State::RawBangDash => self.in_raw(byte),
            _ => self.in_comment(byte),
        };
    }

    fn in_tag(&mut self, byte: u8) -> State {
        match (self.state, byte) {
            (State::Open, b'!') => State::Bang,
            (State::Open, b'/') => State::EndOpen,
            (State::Open, b'?') => State::Bogus,
            (State::Open | State::EndOpen, letter) if letter.is_ascii_alphabetic() => {
                self.begin(self.state == State::EndOpen);
                self.name.push(letter);
                State::Name
            }
            (State::EndOpen, b'>') => State::Text,
            (State::EndOpen, _) => State::Bogus,
            (State::Name, b'>') => self.finish(),
            (State::Name, b'/') => State::Slash,
            (State::Name, space) if is_space(space) => State::BeforeAttribute,
            (State::Name, letter) => {
                self.name.push(letter);
                State::Name
            }
            (_, b'<') => {
                self.tag = self.at;
                State::Open
            }
            _ => State::Text,
        }
    }

    fn begin(&mut self, closing: bool) {
        self.closing = closing;
        self.self_closing = false;
        self.name = Name::default();
    }

    fn in_attributes(&mut self, byte: u8) -> State {
        match (self.state, byte) {
            (State::Quoted(quote), _) if byte != quote => self.state,
            (State::Quoted(_), _) => State::BeforeAttribute,
            (State::Slash, b'>') => {
                self.self_closing = true;
                self.finish()
            }
            (_, b'>') => self.finish(),
            (State::BeforeValue, b'"' | b'\'') => State::Quoted(byte),
            (State::BeforeValue, space) if is_space(space) => State::BeforeValue,
            (State::Unquoted, space) if is_space(space) => State::BeforeAttribute,
            (State::BeforeValue | State::Unquoted, _) => State::Unquoted,
            (_, b'/') => State::Slash,
            (State::Attribute | State::AfterAttribute, b'=') => State::BeforeValue,
            (State::Attribute | State::AfterAttribute, space) if is_space(space) => State::AfterAttribute,
            (_, space) if is_space(space) => State::BeforeAttribute,
            _ => State::Attribute,
        }
    }

    /// A whole tag was read, up to its `>`.
    fn finish(&mut self) -> State {
        if self.closing { self.close() } else { self.open() }
    }

    fn close(&mut self) -> State {
        let name = self.name;
        if name.is(b"template") {
            self.templates = self.templates.saturating_sub(1);
        } else if name.is(b"svg") || name.is(b"math") {
            self.foreign = self.foreign.saturating_sub(1);
        } else if self.templates == 0 && name.is(b"head") {
            self.ends.head.get_or_insert(self.tag);
        } else if self.templates == 0 && name.is(b"body") {
            self.ends.body = Some(self.tag);
        }
        State::Text
    }

    fn open(&mut self) -> State {
        let name = self.name;
        let closed = self.self_closing && (self.foreign > 0 || name.is(b"svg") || name.is(b"math"));
        if closed {
            return State::Text;
        }
        if name.is(b"template") {
            self.templates += 1;
        } else if name.is(b"svg") || name.is(b"math") {
            self.foreign += 1;
        }
        self.raw = RAW.into_iter().find(|raw| name.is(raw));
        self.script = Escape::default();
        if self.foreign == 0 && name.is(b"plaintext") {
            return State::Over;
        }
        if self.raw.is_some() { State::Raw } else { State::Text }
    }

    fn in_comment(&mut self, byte: u8) -> State {
        match (self.state, byte) {
            (State::Bang, b'-') => State::BangDash,
            (State::Bang, b'[') if self.foreign > 0 => State::Cdata(0),
            (State::BangDash, b'-') => State::CommentStart,
            (State::Bang | State::BangDash | State::Bogus, b'>') => State::Text,
            (State::Bang | State::BangDash | State::Bogus, _) => State::Bogus,
            (State::CommentStart | State::CommentStartDash, b'>') => State::Text,
            (State::CommentEnd | State::CommentBang, b'>') => State::Text,
            (State::CommentStart, b'-') => State::CommentStartDash,
            (State::CommentStartDash | State::CommentDash | State::CommentEnd, b'-') => State::CommentEnd,
            (State::Comment | State::CommentBang, b'-') => State::CommentDash,
            (State::CommentEnd, b'!') => State::CommentBang,
            (State::Cdata(brackets), b']') => State::Cdata((brackets + 1).min(2)),
            (State::Cdata(2), b'>') => State::Text,
            (State::Cdata(_), _) => State::Cdata(0),
            _ => State::Comment,
        }
    }

    fn in_raw(&mut self, byte: u8) -> State {
        let in_script = self.raw == Some(b"script");
        match (self.state, byte) {
            (State::RawOpen, b'/') => {
                self.begin(true);
                State::RawEnd
            }
            (State::RawOpen, b'!') if in_script && self.script.level == 0 => State::RawBang,
            (State::RawOpen, letter) if letter.is_ascii_alphabetic() && self.script.level == 1 => {
                self.begin(false);
                self.name.push(letter);
                State::RawStart
            }
            (State::RawBang, b'-') => State::RawBangDash,
            (State::RawBangDash, b'-') => {
                self.script = Escape { level: 1, dashes: 2 };
                State::Raw
            }
            (State::RawEnd | State::RawStart, letter) if letter.is_ascii_alphabetic() => {
                self.name.push(letter);
                self.state
            }
            (State::RawEnd, _) if is_end_of_name(byte) && self.raw.is_some_and(|raw| self.name.is(raw)) => {
                self.raw_end(byte)
            }
            (State::RawStart, _) if is_end_of_name(byte) && self.name.is(b"script") => {
                self.script = Escape { level: 2, dashes: 0 };
                State::Raw
            }
            _ => self.raw_text(byte),
        }
    }

    /// The end tag of the element whose text this is; in a script within a script that one's.
    fn raw_end(&mut self, byte: u8) -> State {
        if self.script.level == 2 {
            self.script = Escape { level: 1, dashes: 0 };
            return State::Raw;
        }
        match byte {
            b'>' => State::Text,
            b'/' => State::Slash,
            _ => State::BeforeAttribute,
        }
    }

    fn raw_text(&mut self, byte: u8) -> State {
        if self.script.level > 0 {
            match byte {
                b'-' => self.script.dashes = (self.script.dashes + 1).min(2),
                b'>' if self.script.dashes == 2 => self.script = Escape::default(),
                _ => self.script.dashes = 0,
            }
        }
        if byte == b'<' { State::RawOpen } else { State::Raw }
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0c)
}

fn is_end_of_name(byte: u8) -> bool {
    byte == b'>' || byte == b'/' || is_space(byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `page` has `{` where its head ends and `}` where its body does.
    fn check(page: &str) {
        let plain = page.replace(['{', '}'], "");
        let place = |mark: char| page.find(mark).map(|at| page[..at].replace(['{', '}'], "").len() as u64);
        let expect = Ends { head: place('{'), body: place('}') };
        assert_eq!(of(plain.as_bytes()), expect, "{page}");
        let mut scanner = Scanner::default();
        for byte in plain.bytes() {
            scanner.read(&[byte]);
        }
        assert_eq!(scanner.ends(), expect, "byte by byte: {page}");
    }

    #[test]
    fn the_first_head_and_the_last_body_count() {
        for page in [
            "<html><head><title>x</title>{</head><body>hi}</body></html>",
            "{</HEAD><Body>}</bODY>",
            "{</head></head></body>}</body>",
            "<p>{</head\n></p>}</body class='x'>",
            "{</head/>}</body/ >",
            "",
            "no tags at all, 1 < 2 & </ 3",
            "<p>fragment</p>",
            "only a body}</body>",
            "{</head>",
        ] {
            check(page);
        }
    }

    #[test]
    fn what_only_looks_like_a_tag_does_not_count() {
        for page in [
            "<!-- </head> --><!-- </body> -->{</head>}</body>",
            "<!-->{</head>--><!--->}</body>",
            "<!-- </head> --!>{</head>",
            "<!-- </head> -- > </body> -->}</body>",
            "<!doctype html </head>{</head>",
            "<?xml </head>{</head>",
            "</ </head>{</head>",
            "<a title='</head>' b=\"</body>\" c = '</head>'>{</head>}</body>",
            "<a title=x'></a>{</head>",
            "<a =\">{</head>\">",
            "</headx></heade></hea>{</head>",
            "< /head>{</head>",
            "<{</head>",
            "</head",
            "</body x='",
            "<!-- </head>",
            "<![CDATA[</head>]]>{</head>",
        ] {
            check(page);
        }
    }

    #[test]
    fn text_of_raw_elements_is_no_markup() {
        for page in [
            "<script>'</head></body>'</script>{</head>}</body>",
            "<SCRIPT src=x>document.write('</body>')</Script >{</head>",
            "<style></head></style ><title></head></title><textarea></body></textarea>{</head>}</body>",
            "<iframe></head></iframe><xmp></head></xmp><noscript></head></noscript>{</head>",
            "<script></scripty></head></script>{</head>",
            "<script><!-- <script> </script> </head> --> </head> </script>{</head>",
            "<script><!-- </script>{</head> -->}</body>",
            "<script><!-- <script > </script/ </head> </script>{</head>",
            "<script><!--><script></script>{</head>",
            "<script>a<b;c</d;e<!f</script>{</head>",
            "<style><!-- </style>{</head> --></style>}</body>",
            "<script>never closed </head></body>",
            "<plaintext></head></body>",
            "<plaintexts>{</head>",
        ] {
            check(page);
        }
    }

    #[test]
    fn templates_are_no_part_of_the_page_and_foreign_elements_close_themselves() {
        for page in [
            "<template></head><template></body></template></body></template>{</head>}</body>",
            "<svg><style/><title/><script href='x'/></svg>{</head>}</body>",
            "<svg/><style></head></style>{</head>",
            "<svg><![CDATA[</head>]] ]></head>]]></svg>{</head>",
            "<math><![CDATA[ x ]]]></math>{</head>",
            "<style/></head></style>{</head>",
            "</template></svg>{</head>",
        ] {
            check(page);
        }
    }

    /// A parser that others wrote and use sees the same in pages with explicit heads and bodies.
    #[test]
    fn lol_html_puts_text_at_the_same_places() {
        for page in [
            "<!doctype html><html><head><title>a</head></title><script>'</head>'</script></head><body>x</body></html>",
            "<head><!-- </head> --><style></head></style></head><body class='</body>'>é<p></body>",
            "<HEAD></HEAD><BODY><textarea></body></textarea><script><!--<script></script></body>--></script></BODY>",
        ] {
            let put = |text: &'static str| {
                move |element: &mut lol_html::html_content::Element<'_, '_>| {
                    element.append(text, lol_html::html_content::ContentType::Html);
                    Ok(())
                }
            };
            let settings = lol_html::RewriteStrSettings::new()
                .append_element_content_handler(lol_html::element!("head", put("[H]")))
                .append_element_content_handler(lol_html::element!("body", put("[B]")));
            let theirs = lol_html::rewrite_str(page, settings).unwrap();
            let ends = of(page.as_bytes());
            let place = |end: Option<u64>| usize::try_from(end.unwrap()).unwrap();
            let (head, body) = (place(ends.head), place(ends.body));
            let ours = format!("{}[H]{}[B]{}", &page[..head], &page[head..body], &page[body..]);
            assert_eq!(ours, theirs);
        }
    }
}
