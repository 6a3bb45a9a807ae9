"""Whatever an author writes, the HTML that people are shown runs nothing and leads to no script."""

import re
from html.parser import HTMLParser

import pytest

from walkthroughs.content.markdown import to_html

#: What `to_html` is for: text, its marks, lists, tables, links and pictures.
TAGS = {
    "p", "br", "hr", "em", "strong", "del", "a", "img", "code", "pre", "blockquote", "ul", "ol", "li",
    "h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
ATTRIBUTES = {"href", "src", "alt", "title", "rel", "align", "start"}
ADDRESSES = {"href", "src"}


class Reader(HTMLParser):
    """Notes the elements and attributes that a browser would see."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.addresses, self.others = set(), set(), [], []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name in ADDRESSES:
                self.addresses.append(value or "")

    def handle_decl(self, decl):
        self.others.append(decl)

    def handle_pi(self, data):
        self.others.append(data)

    def handle_comment(self, data):
        self.others.append(data)

    def unknown_decl(self, data):
        self.others.append(data)


def scheme(address):
    """Return the scheme of an address, read as leniently as browsers read it."""
    bare = re.sub(r"[\x00-\x20]", "", address).lower()
    found = re.match(r"([^/?#:]*):", bare)
    return found[1] if found else None


PAYLOADS = [
    # Elements and handlers.
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT >",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    '<img src=x onerror="alert(1)">',
    "<img/src=x/onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<input autofocus onfocus=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='data:text/html,<script>alert(1)</script>'></object>",
    "<embed src='javascript:alert(1)'>",
    "<form action='javascript:alert(1)'><button>x</button></form>",
    "<base href='javascript:/'>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import '//evil.example/x.css'</style>",
    "<p style='background:url(javascript:alert(1))'>x</p>",
    # Addresses.
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](<java\nscript:alert(1)>)",
    "[x](\x01javascript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](java&Tab;script:alert(1))",
    "[x](javascript\\:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x][1]\n\n[1]: javascript:alert(1)",
    "<javascript:alert(1)>",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml,<svg onload=alert(1)>)",
    # Out of an attribute, a code block, a table or a title.
    '![x" onerror="alert(1)](x.png)',
    '[x](https://x.example "\\" onmouseover=\\"alert(1)")',
    '[x](https://x.example/"onmouseover="alert(1))',
    "```html\" onmouseover=\"alert(1)\n</code></pre><script>alert(1)</script>\n```",
    "`</code><script>alert(1)</script>`",
    "| <script>alert(1)</script> |\n|---|\n| <img src=x onerror=alert(1)> |",
    # What changes its meaning when it is parsed a second time.
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<svg></p><style><a title='</style><img src=x onerror=alert(1)>'>",
    "<template><script>alert(1)</script></template>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><x onload=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
]  # fmt: skip


@pytest.mark.parametrize("around", ["{}", "> - {}", "**{}**", "## {}"])
@pytest.mark.parametrize("text", PAYLOADS)
def test_nothing_that_an_author_writes_runs_in_the_browser_of_a_reader(text, around):
    reader = Reader()
    reader.feed(to_html(around.format(text)))
    reader.close()

    assert reader.tags <= TAGS
    assert reader.attributes <= ATTRIBUTES
    assert {scheme(each) for each in reader.addresses} <= {None, "http", "https", "mailto"}
    assert reader.others == []


def test_what_is_meant_to_be_seen_is_seen():
    reader = Reader()
    reader.feed(to_html("[a](https://x.example) ![b](b.png) ~~c~~ `d`\n\n|e|\n|-|\n|f|\n"))

    assert reader.addresses == ["https://x.example", "b.png"]
    assert {"a", "img", "del", "code", "table", "td"} <= reader.tags
