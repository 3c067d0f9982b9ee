"""Words of formats, by which what is changed stays near to what is honest."""

XML = (
    b' w:val="9999999"', b'<w:t xml:space="preserve">x</w:t>',
    b"<w:tbl><w:tr><w:tc/></w:tr></w:tbl>", b'<!DOCTYPE d [<!ENTITY a "aaaa">]>&a;',
    b'<text:s text:c="999999999"/>', b' table:number-rows-repeated="9999999"',
    b' table:number-columns-repeated="16384"', b'<c r="XFD1048576"><v>1</v></c>',
    b' spans="1:16384"', b' s="99999"', b"<si/>", b"\xff\xfe<\x00",
    b'<?xml version="1.0" encoding="utf-16"?>', b' Target="../../x" TargetMode="External"',
    b"<a:p><a:r><a:t>x</a:t></a:r></a:p>", b'<mergeCell ref="A1:XFD1048576"/>',
)  # fmt: skip
PDF = (
    b"/Kids[2 0 R]", b"/Parent 3 0 R", b"/Length -1", b"/Filter/ASCIIHexDecode", b" 4 0 R ", b"<<",
    b"/Filter[/LZWDecode/ASCII85Decode]", b"/Rotate 90", b"/UserUnit 99999", b"endobj", b"stream\n",
    b" 1e38 0 0 1 0 0 cm ", b" BT ", b" ET ", b" q ", b" Q ", b" Tj ", b" TJ ", b"/F 0 Tf ",
    b"/Encoding<</Differences[0/A/B/uni0000]>>", b"/ToUnicode 4 0 R", b"/Contents[4 0 R 4 0 R]",
    b"/XObject<</X 4 0 R>>", b"/Encrypt 7 0 R", b"/Prev 0", b"/Outlines 2 0 R", b" 0 0 0 0 re f ",
)  # fmt: skip
JSON = (
    b'{"nom": ', b"[", b"]", b"}", b"null", b"true", b"1e400", b'"\\ud800"', b'"\\u0000"',
    b"\n{}\n", b'"type": "Feature"', b'"properties": null', b'"coordinates": [1e308, []]',
    b'"features": {}',
)  # fmt: skip
WORDS = (
    b" and ", b"\xc3\xa0 ", b" +gel", b" -gel", b'"', b"\xc2\xab \xc2\xbb.", b"  ", b"siret ",
    b"2020", b"01 02 03 04 05", b" ext. 9", b"mars 2020", b"printemps", b"since ", b"janvier",
    b"1er ", b"XIXe", b"Monsieur", b"SARL ", b"d'", b"[at]", b" (dot) ", b"mailto:", b"\x1f",
    b"recherche ", b"\n- ",
)  # fmt: skip
HTML = (
    b"<table><tr><td>", b"<div itemprop='author'>", b"<article>", b"<meta name=date content=2020>",
    b'<script type="application/ld+json">{"@type":["Article"],"author":[[]]}</script>', b"<ul><li>",
    b"<time datetime=x>", b"<base href='http://['>", b"<pre>", b"<math><mi>", b"<template>",
    b"<h1>", b'<link rel="alternate" type="application/rss+xml" href="http://[">',
    b"<td rowspan=65534>",
)  # fmt: skip
FEED = (
    b"<item>", b"</item>", b"<pubDate>31 Feb 2020</pubDate>",
    b"<georss:polygon>1 2 3</georss:polygon>", b"<itunes:duration>9:9:9:9</itunes:duration>",
    b"<media:content url='http://['/>", b"<content>",
    b'<content type="application/octet-stream">%%%</content>', b"<gml:pos>a</gml:pos>",
    b"xml:base='['", b"<link href='http://[::'/>", b"<dc:date>2020-13-45T99:99</dc:date>",
    b"<updated>0</updated>",
)  # fmt: skip
MARKDOWN = (
    b"[a](javascript:alert(1))", b"![x](data:text/html,x)", b"<javascript:x>",
    b"[a]: <java\tscript:x>", b"| a |\n|--|\n", b"```\n", b"~~~<script>", b"<img src=x onerror=y>",
    b"&#106;avascript:", b"> ", b'[a](http://x "on=\'\'")', b"1. ", b"* ", b"***", b"[[", b"](",
    b"<!--", b"&colon;", b"\\\n",
)  # fmt: skip
YAML = (
    b"---\n", b"participants:\n  - nom: A\n    role: fournisseur\n", b"&a [*a]", b"!!int abc",
    b"? ", b"date: 2020-99-99\n", b"titre: |\n  x\n", b"!!python/object:os.system x",
    b"{a: [b, {}]}", b"*a", b"+++\n", b"%YAML 9.9\n", b"<<: *a\n", b"periode: 2020/2019\n",
    b"themes: [a, [b]]\n",
)  # fmt: skip
MIME = (
    b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Type: multipart/mixed; boundary=B\r\n\r\n--B", b"charset=utf-7", b"charset=x-unknown",
    b"=?utf-8?Q?=FF?=", b"=?x?B?!?=", b"Content-Type: a/b/c\r\n",
    b"Content-Type: message/rfc822\r\n\r\n", b"filename*=utf-8''%FF", b"Date: 99 Foo\r\n",
    b"--B--\r\n", b"From: =?utf-8?q?=00?= <\r\n", b'boundary=""', b"filename*0*=x''a; filename*1=b",
)  # fmt: skip
RTF = (
    b"\\bin99999 ", b"\\u-65536?", b"\\'zz", b"{\\*\\", b"{", b"}", b"\\ansicpg99999", b"\\uc99 ",
    b"\\fcharset255 ", b"\\pict ", b"\\cell ", b"\\row ", b"\\fldinst ", b"\\u55357?\\u56832?",
)  # fmt: skip
CHAT = (
    b'{"participations": [{"name": "Machin", "role": "supplier", "sentence": "Machin a '
    b'livr\xc3\xa9 l\'alcool.", "confidence": 0.9}], "need": {"phrase": "gel", "sentence": "x"}}',
    b"```json\n", b'"trades": ["savonnerie"]', b'{"gestures": [{"a": 1}, null, "m\xc3\xaaler"]}',
    *JSON,
)  # fmt: skip
CALLS = (
    b'{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": '
    b'"2025-03-26", "capabilities": {}, "clientInfo": {"name": "x", "version": "0"}}}',
    b'{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}',
    b'{"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "search", '
    b'"arguments": {"need": "cirages", "limit": 3, "department": "16"}}}',
    b'{"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": "organisation", '
    b'"arguments": {"id": "avel"}}}',
    b'{"jsonrpc": "2.0", "id": 4, "method": "resources/read", "params": {"uri": '
    b'"quisait://actor/avel"}}',
    b'{"jsonrpc": "2.0", "method": "notifications/initialized"}',
)  # fmt: skip
ODD = (
    b"\x00", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\r", b"\n\n", b"\t", b"\x0b",
    b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\x8f", b"\xf0\x9f\xa7\xaa", b"\xcc\x81", b"\xd9\xa3",
    b"\xc2\xb2", b"-1", b"0", b"1e999", b"NaN", b"-0", b"999999999999999999999999999999",
    b"4294967296", b"0x10", b"%s", b"%00", b"%n", b"{}", b"{{", b"{%", b"[[", b"]]>", b"<!--",
    b"-->", b"<![CDATA[", b"&#0;", b"&#xd800;", b"&#1114112;", b"&amp;", b"&", b"<", b">", b"</",
    b"/>", b"<?", b"<!", b"'", b'"', b"\\", b"\\u0000", b"\\ud800", b"|", b";", b",", b":", b"=",
    b"#", b"@", b"(", b")", b"*", b"_", b"`", b"~", b"!", b"javascript:", b"data:text/html,", b"//",
    b"file:///", b"http://[", b"2020-02-30", b"0000-00-00", b"99/99/9999", b"24:60", b"+33", b"a@b",
    b"AND", b"NEAR(", b"--", b"<p>", b"<script>", b"<svg onload=1>", b"<td colspan=99999>",
    b"<a href=' javascript:x'>",
)  # fmt: skip
"""What parsers trip over: odd characters and numbers, beginnings without an end, schemes."""
