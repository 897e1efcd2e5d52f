//! Small cases of Markdown: what stays, what changes, and into what.

use super::clean;

fn check(text: &str, expected: &str) {
    let found = clean(text).unwrap_or_else(|faults| panic!("{text:?}: {faults:?}"));
    assert_eq!(found, expected, "{text:?}");
    assert_eq!(clean(&found).as_ref(), Ok(&found), "a second time: {text:?}");
}

fn unchanged(text: &str) {
    check(text, text);
}

#[test]
fn ordinary_text_stays() {
    for text in [
        "",
        "plain",
        "# Heading\n\nA *word*, a **word** and ~~no~~ `word`.\n",
        "Setext\n======\n\nand\n---\n",
        "> a quote\n> > deeper\n\n- a\n- b\n  1. c\n  2. d\n\n* * *\n",
        "a < b and b > c & d && e &amp; f",
        "a < b, c > d, < > <3 <- -> => <= 1<2, a <b if never closed",
        "x<y, y<z, i<n; $0<x<1$ and $a<b$ and $a <b = c$",
        "| a | b |\n|---|:-:|\n| `x|y` | 1 < 2 |\n| a \\| b | <br> |\n",
        "[x](https://example.com \"title\") ![y](/a.png) [z](#top) [m](mailto:ann@acme.test) [r](../a/b.md?c=d:e)",
        "[x]: https://example.com\n\n[x] [y][x] [z][]\n\n[z]: <a b.md> 'title'\n",
        "[a](<b c=1.md>) [d](e_(f)) [g]( <h> )",
        "<https://example.com/online=1?a=b> and <ann@acme.test>",
        "https://example.com/?a=<b",
        "Note[^1].\n\n[^1]: Note: this: that\n\n[^2]: https://example.com\n",
        "- [ ] todo\n- [x] done\n",
        "\\<b> \\<T> \\`<\\` \\[x](y) \\\\",
        "AT&T, R&D, &copy; &#169; &nbsp;",
        "line  \nbreak\\\nbreak\n\n\n\nfar",
        "Term\n: definition\n\n## Heading {#id .class}\n",
        "$$\na <b\n$$\n\n$x^2$",
        "---\ntitle: x\n---\n\ntext\n",
        "\u{202E}rtl\u{202C} é 👩\u{200D}🚀",
        "`javascript:alert(1)` and javascript: the good parts",
        "[note]: this is no definition, data: neither",
        "{name} {{ mustache }} {a: b} {% tag %} {x=y}",
        "[[Page]] [[Category:Page|text]]",
        "> [!NOTE]\n> text\n",
    ] {
        unchanged(text);
    }
}

#[test]
fn code_stays() {
    for text in [
        "`<script>alert(1)</script>`",
        "``<img src=x onerror=`x`>``",
        "```html\n<script>alert(1)</script>\n[x](javascript:alert(1))\n```\n",
        "~~~\n<img src=x onerror=alert(1)>\n~~~\n",
        "    <svg onload=alert(1)>\n    [x]: javascript:alert(1)\n",
        "> ```\n> <script>\n> ```\n",
        "1. a\n\n       <script>\n",
        "- ~~~\n  <iframe>\n  ~~~\n",
        "\t<b onclick=x>\n",
        "```\nunclosed <script>\n",
        "`{onclick=x}`",
        "`[[javascript:x]]`",
    ] {
        unchanged(text);
    }
}

#[test]
fn sound_html_stays() {
    for text in [
        "a <b>bold</b> H<sub>2</sub>O<br>next<br/>and <kbd>Ctrl</kbd>",
        "<details>\n<summary>More</summary>\n\n*hidden*\n\n</details>\n",
        "<div align=left>\n".replace(" align=left", "").as_str(),
        "<p align=\"center\">\n  <img src=\"a.png\" alt=\"a\" width=\"10\">\n</p>\n",
        "<ul>\n<li>one\n<li>two\n</ul>\n",
        "<table>\n<tr><td>a<td colspan=\"2\">b\n</table>\n",
        "<a href=\"https://example.com\" rel=\"noopener noreferrer\">x</a>",
        "<!-- a comment -->\n\ntext <!-- another --> more\n",
        "> <div>\n> x\n> </div>\n",
        "- <b>x</b>\n- <i>y</i>\n",
        "<img\n  src=\"a.png\"\n  alt=\"a\">\n",
    ] {
        if text == "<div>\n" {
            // Left open: it would take in the page around.
            check(text, "&lt;div>\n");
        } else {
            unchanged(text);
        }
    }
}

#[test]
fn html_off_the_list() {
    check("<script>alert(1)</script>", "&lt;script>alert(1)&lt;/script>");
    check("a <script>b</script> c", "a &lt;script>b&lt;/script> c");
    check("<b onclick=\"x\">y</b>", "<b>y</b>");
    check("<img src=x onerror=alert(1)>", "<img src=\"x\">");
    check("<div style=\"x\">\n\ny\n\n</div>\n", "<div>\n\ny\n\n</div>\n");
    check("Vec<String> and Map<K, V>", "Vec&lt;String> and Map<K, V>");
    check("<a href=\"javascript:x\">y</a>", "<a>y</a>");
    check(
        "<a href=\"/x\">y</a>",
        "<a href=\"/x\" rel=\"noopener noreferrer\">y</a>",
    );
    check("<div\n  onclick=\"x\">\ny\n</div>", "<div>\ny\n</div>");
    check("> <div\n> onclick=x>\n> y</div>\n", "> <div>\n> y</div>\n");
    check("> a <b\n> onclick=x>y</b>\n", "> a <b>y</b>\n");
    check("<!-- > <b> --> x", " x");
    check("<!doctype html>", "&lt;!doctype html>");
    check("<?php x ?>", "&lt;?php x ?>");
    check("<![CDATA[<b>]]>", "&lt;![CDATA[&lt;b>]]>");
    check("<!-- never\n\nclosed", "&lt;!-- never\n\nclosed");
    check("<style>\n* {}\n</style>\n", "&lt;style>\n* {}\n&lt;/style>\n");
    check(
        "<svg><script>x</script></svg>",
        "&lt;svg>&lt;script>x&lt;/script>&lt;/svg>",
    );
    check("<div>\n<p <script>x\n</div>", "<div>\n&lt;p &lt;script>x\n</div>");
}

#[test]
fn partners_are_demanded() {
    check("a <b>c", "a &lt;b>c");
    check("a </b>c", "a &lt;/b>c");
    check("a<b and c>d", "a&lt;b and c>d");
    check("<b><i>x</b></i>", "<b>&lt;i>x</b>&lt;/i>");
    check("> <div>\n\n</div>\n", "> &lt;div>\n\n&lt;/div>\n");
    check("- <b>\n- </b>\n", "- &lt;b>\n- &lt;/b>\n");
    check("<details>\n\nx\n", "&lt;details>\n\nx\n");
    check("<b>x\n\ny</b>", "&lt;b>x\n\ny&lt;/b>");
    check("<p>x", "<p>x");
    check("x</p></li></td>", "x&lt;/p>&lt;/li>&lt;/td>");
    check("<br></br>", "<br>&lt;/br>");
    check("<b/>x</b>", "<b/>x</b>");
}

#[test]
fn links_off_the_list() {
    check("[x](javascript:alert(1))", "[x](#javascript:alert(1))");
    check("[x](JavaScript:alert(1) \"t\")", "[x](#JavaScript:alert(1) \"t\")");
    check("[x]( <javascript:alert(1)> )", "[x]( <#javascript:alert(1)> )");
    check("[x](\n  javascript:y)", "[x](\n  #javascript:y)");
    check("> [x](\n> javascript:y)", "> [x](\n> #javascript:y)");
    check("![x](data:image/png;base64,AAAA)", "![x](#data:image/png;base64,AAAA)");
    check("[x](&#106;avascript:y)", "[x](#&#106;avascript:y)");
    check("[x](javascript&colon;y)", "[x](#javascript&colon;y)");
    check("[x](java\\script:y)", "[x](#java\\script:y)");
    check("[x](&amp;#106;avascript:y)", "[x](#&amp;#106;avascript:y)");
    check("[x](tel:123) [y](ftp://z)", "[x](#tel:123) [y](#ftp://z)");
    check("[![a](data:b)](vbscript:c)", "[![a](#data:b)](#vbscript:c)");
    check("[a ](javascript:b) c](d)", "[a ](#javascript:b) c](d)");
    check("[x][y]\n\n[y]: javascript:z", "[x][y]\n\n[y]: #javascript:z");
    check(
        "[y]\n\n[y]:\n  <javascript:z>\n  't'",
        "[y]\n\n[y]:\n  <#javascript:z>\n  't'",
    );
    check("[a\\]b]: tel:z\n", "[a\\]b]: #tel:z\n");
    check(
        "[y]: https://ok.test\n[y]: javascript:z\n",
        "[y]: https://ok.test\n[y]: #javascript:z\n",
    );
    check("> [y]:\n> data:z\n", "> [y]:\n> #data:z\n");
    check("[^1]: javascript:z", "[^1]: #javascript:z");
    check("<javascript:x>", "&lt;javascript:x>");
    check("<data:text/html,x> <tel:1>", "&lt;data:text/html,x> &lt;tel:1>");
    check("vector<std::string>", "vector&lt;std::string>");
    check("[[javascript:x]] [[data:x|y]]", "[[#javascript:x]] [[#data:x|y]]");
    check("text](javascript:x)", "text](#javascript:x)");
}

#[test]
fn nets() {
    check("a <img src=x onerror=alert(1)", "a &lt;img src=x onerror=alert(1)");
    check("\\<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)>");
    check("\\\\<img src=x onerror=alert(1)>", "\\\\<img src=\"x\">");
    check("a <script b", "a &lt;script b");
    check("# x {onclick=alert(1)}", "# x &#123;onclick=alert(1)}");
    check("# x {/onclick=alert(1)}", "# x &#123;/onclick=alert(1)}");
    check(
        "[x](y){style=\"z\"} {: href='javascript:x'}",
        "[x](y)&#123;style=\"z\"} &#123;: href='javascript:x'}",
    );
    check(
        "```js onclick=x <script>\ny\n```",
        "```js onclick=x &lt;script>\ny\n```",
    );
}

/// What is code to one dialect and a tag to another is a tag.
#[test]
fn dialects() {
    check(
        "| a | b |\n|---|---|\n| `x | <img src=y onerror=z>` |\n",
        "| a | b |\n|---|---|\n| `x | <img src=\"y\">` |\n",
    );
    check("$`$ <b onclick=x>y</b> `", "$`$ <b>y</b> `");
    // Code here and a formula there: it loses what is shaped like an attack.
    check("$`<script> <b>`$", "$`&lt;script> <b>`$");
    check("$a <b onclick=x> c</b>$", "$a <b> c</b>$");
}

#[test]
fn refused() {
    for (text, rule) in [
        ("a\0b".to_owned(), "nul"),
        ("a\u{1b}b".to_owned(), "control"),
        ("x".repeat(crate::MARKUP_BYTES_MAX + 1), "size"),
    ] {
        assert_eq!(clean(&text).unwrap_err()[0].rule, rule);
    }
    assert!(clean(&"x".repeat(crate::MARKUP_BYTES_MAX)).is_ok());
    check("a\r\nb", "a\nb");
    check("e\u{301}", "é");
}
