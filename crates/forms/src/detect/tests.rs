//! Pages and what is found in them.

use super::{find, mentions, read};

fn names(html: &str) -> Vec<String> {
    read(html.as_bytes()).0.forms.into_iter().map(|form| form.name).collect()
}

fn served(html: &str) -> String {
    let page = read(html.as_bytes()).1.unwrap_or_else(|| html.as_bytes().to_vec());
    String::from_utf8(page).expect("a page of text")
}

#[test]
fn forms_that_ask_for_it_are_found() {
    for (html, expect) in [
        ("<form name=a netlify></form>", &["a"][..]),
        ("<form name='a' netlify=''></form>", &["a"]),
        ("<form name='a' netlify='true'></form>", &["a"]),
        ("<FORM NAME=\"a\" NETLIFY></FORM>", &["a"]),
        ("<form name='a' data-netlify='true'></form>", &["a"]),
        ("<form name='a' data-netlify=\"TRUE\"></form>", &["a"]),
        ("<form name='a' data-netlify></form>", &["a"]),
        ("<form name='a' data-netlify='false'></form>", &[]),
        ("<form name='a' netlify='false'></form>", &[]),
        ("<form name='a' data-netlify-honeypot='x'></form>", &[]),
        ("<form name='a'></form>", &[]),
        ("<form netlify></form>", &[]),
        ("<form name='  ' netlify></form>", &[]),
        ("<form name='a &amp; &#x62; &quot;c&quot;' netlify></form>", &["a & b \"c\""]),
        ("<!-- <form name='a' netlify></form> -->", &[]),
        ("<script>x = \"<form name='a' netlify></form>\"</script>", &[]),
        ("<form name=a netlify></form><form name=b></form><form name=c netlify></form>", &["a", "c"]),
        ("<div><form name=a netlify><p>never closed", &["a"]),
    ] {
        assert_eq!(names(html), expect, "{html}");
    }
}

#[test]
fn the_attributes_go_and_the_name_comes() {
    let hidden = |name: &str| format!("<input type=\"hidden\" name=\"form-name\" value=\"{name}\">");
    for (html, expect) in [
        (
            "<p>é<form name=\"a\" method=\"post\" data-netlify=\"true\" class=x><input name=n></form>",
            format!("<p>é<form name=\"a\" method=\"post\" class=x>{}<input name=n></form>", hidden("a")),
        ),
        (
            "<form netlify name='a\"b' netlify-honeypot='bot'></form>",
            format!("<form name='a\"b'>{}</form>", hidden("a&quot;b")),
        ),
        (
            "<form name=a netlify><input type=hidden name=form-name value=a></form>",
            "<form name=a><input type=hidden name=form-name value=a></form>".to_owned(),
        ),
        ("<form netlify><input name=n></form>", "<form netlify><input name=n></form>".to_owned()),
        ("<form name=x></form> netlify", "<form name=x></form> netlify".to_owned()),
    ] {
        assert_eq!(served(html), expect, "{html}");
    }
}

#[test]
fn a_page_that_is_not_utf_8_keeps_its_bytes() {
    let page = b"<p>\xe9\xff</p><form name=a netlify></form>";
    let html = read(page).1.expect("it has a form");
    assert!(html.starts_with(b"<p>\xe9\xff</p><form name=a>"));
}

#[test]
fn fields_are_listed_once_without_buttons() {
    let html = "<form name=a netlify netlify-honeypot=bot data-netlify-recaptcha=true action=/x>\
        <input name=n><input type=EMAIL name=mail><textarea name=msg></textarea>\
        <select name=pick><option>1</select><input type=radio name=r><input type=radio name=r>\
        <input type=submit name=go><input type=image name=i><button name=b></button><input type=file name=cv>\
        <input type=hidden name=form-name value=a></form><input name=outside>";
    let form = read(html.as_bytes()).0.forms.remove(0);
    let fields: Vec<_> = form.fields.iter().map(|f| (f.name.as_str(), f.kind.as_str())).collect();
    let expect = [
        ("n", "text"),
        ("mail", "email"),
        ("msg", "textarea"),
        ("pick", "select"),
        ("r", "radio"),
        ("cv", "file"),
    ];
    assert_eq!(fields, expect);
    assert_eq!((form.honeypot.as_deref(), form.recaptcha, form.action.as_str()), (Some("bot"), true, "/x"));
}

#[test]
fn forms_without_a_name_are_counted() {
    let long = "x".repeat(crate::limits::NAME_BYTES + 1);
    let html = format!("<form netlify></form><form name={long} netlify></form><form></form>");
    let (scan, page) = read(html.as_bytes());
    assert_eq!((scan.nameless, scan.forms.len(), page), (2, 0, None));
}

#[test]
fn a_form_has_only_so_many_fields() {
    let most = crate::limits::FIELDS;
    let fields: String = (0..=most).map(|n| format!("<input name=f{n}>")).collect();
    let long = "x".repeat(crate::limits::NAME_BYTES + 1);
    let html = format!("<form name=a netlify><input name={long}>{fields}</form>");
    let form = read(html.as_bytes()).0.forms.remove(0);
    assert_eq!((form.fields.len(), form.fields[0].name.as_str()), (most, "f0"));
}

#[test]
fn a_page_with_too_many_forms_is_left_alone() {
    let form = "<form name=a netlify></form>";
    assert_eq!(names(&form.repeat(crate::limits::FORMS_PER_PAGE)).len(), crate::limits::FORMS_PER_PAGE);
    let (scan, page) = read(form.repeat(crate::limits::FORMS_PER_PAGE + 1).as_bytes());
    assert!(scan.problem.is_some() && scan.forms.is_empty() && page.is_none());
}

#[test]
fn a_tag_that_never_ends_takes_bounded_memory() {
    let html = format!("<form name=a netlify data-x=\"{}", "x".repeat(crate::limits::READER_BYTES * 2));
    let (scan, page) = read(html.as_bytes());
    assert!(scan.forms.is_empty() && page.is_none());
}

#[test]
fn the_word_is_seen_in_any_case() {
    for (page, expect) in [
        ("<form NetLify>", true),
        ("netlify", true),
        ("netlif", false),
        ("", false),
        ("nnetlify", true),
        ("net lify", false),
    ] {
        assert_eq!(mentions(page.as_bytes()), expect, "{page}");
    }
}

#[test]
fn character_references_are_read() {
    for (raw, expect) in [
        ("a&amp;b", "a&b"),
        ("&#65;&#x42;&#X43;", "ABC"),
        ("&unknown; & &;", "&unknown; & &;"),
        ("&#0;&#x110000;", "&#0;&#x110000;"),
        ("&amp;amp;", "&amp;"),
    ] {
        assert_eq!(find::decoded(raw), expect);
    }
}
