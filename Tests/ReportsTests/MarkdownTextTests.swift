import Testing

@testable import Reports

@Suite struct MarkdownTextTests {
  @Test(arguments: [
    ("plain name_with-parts v1.5 (a)", "plain name_with-parts v1.5 (a)"), ("# heading", "\\# heading"),
    ("- item", "\\- item"),
    ("> quote", "&gt; quote"), ("1. item", "1\\. item"), ("12) item", "12\\) item"), ("1.5 GHz", "1.5 GHz"),
    ("===", "\\==="),
    ("<script>", "&lt;script>"), ("a < b", "a < b"), ("*b* _i_ __init__", "\\*b\\* \\_i\\_ \\_\\_init\\_\\_"),
    ("`c`", "\\`c\\`"), ("[a](http://x)", "\\[a\\](http://x)"), ("see [a](x)", "see [a\\](x)"),
    ("![a](x)", "!\\[a\\](x)"),
    ("[x]: http://y", "\\[x\\]: http://y"), ("a[1].b", "a[1].b"), ("&lt; & &#60;", "&amp;lt; & &amp;#60;"),
    ("a\\", "a\\\\"), ("~~gone~~", "\\~\\~gone\\~\\~"), ("a\n\n## b", "a ## b"), ("a\u{2028}# b", "a # b"),
    ("    code", "code"), ("a #", "a \\#"), ("`\u{301}", "\\`\u{301}"), ("\u{202E}a", "\u{FFFD}a"), ("", ""),
  ])
  func `text means nothing but itself`(text: String, expected: String) {
    #expect(Array(markdownText(text).utf8) == Array(expected.utf8), "\(markdownText(text))")
  }

  @Test(arguments: [
    ("plain", "`plain`"), ("a`b", "``a`b``"), ("`", "`` ` ``"), ("``a", "``` ``a ```"), ("a\nb", "`a b`"),
    ("<b>", "`<b>`"),
    (" a ", "`  a  `"), ("", ""), ("`\u{301}", "`` `\u{301} ``"),
  ])
  func `a code span holds any backticks`(text: String, expected: String) {
    #expect(Array(markdownCode(text).utf8) == Array(expected.utf8), "\(markdownCode(text))")
  }

  @Test func `nothing in a code block ends it`() {
    #expect(markdownBlock("a\n```\n\u{1B}b", "yaml") == "````yaml\na\n```\n\u{FFFD}b\n````\n\n")
    #expect(
      markdownBlock("a: <b> & c", "yaml")
        == "<pre><code class=\"language-yaml\">a: &lt;b&gt; &amp; c\n</code></pre>\n\n")
  }

  @Test func `cells cannot leave their table, and columns stand under each other`() {
    var table = MarkdownTable([("name", .left), ("code", .code), ("n", .right), ("mark", .markup)])
    table.append(["a|b", "x|y", "-1", "**yes**"])
    table.append(["測試\n| forged |", "c`d", nil, nil])
    table.append(["|\u{301}", "e", "2 [1, 3]", ""])
    #expect(
      table.text == """
        | name              | code    |        n | mark    |
        | ----------------- | ------- | -------: | ------- |
        | a\\|b              | x\\|y    |       -1 | **yes** |
        | 測試 \\| forged \\| | ``c`d`` |        – | –       |
        | \\|\u{301}                | `e`     | 2 [1, 3] |         |

        """, "\n\(table.text)")
  }
}
