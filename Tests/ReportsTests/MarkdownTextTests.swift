import Testing

@testable import Reports

private func markdownText(_ text: String) -> String { MarkdownWriter().text("\(text)") }

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
    #expect(markdownBlock("a\n```\n\u{1B}b", "yaml") == "````yaml\na\n```\n\u{FFFD}b\n````")
    #expect(
      markdownBlock("a: <b> & c", "yaml")
        == "<pre><code class=\"language-yaml\">a: &lt;b&gt; &amp; c\n</code></pre>")
  }

  @Test func `cells cannot leave their table, and columns stand under each other`() {
    var table = ReportDocument.Table([("name", .left), ("code", .left), ("n", .right), ("mark", .left)])
    table.append([.text("a|b"), .code("x|y"), .text("-1"), .strong("yes")])
    table.append([.text("測試\n| forged |"), .code("c`d"), nil, nil])
    table.append([.text("|\u{301}"), .code("e"), .interval(2, 1, 3), ""])
    #expect(
      MarkdownWriter().text([table]) == """
        | name              | code    |                    n | mark    |
        | ----------------- | ------- | -------------------: | ------- |
        | a\\|b              | x\\|y    |                   -1 | **yes** |
        | 測試 \\| forged \\| | ``c`d`` |                    – | –       |
        | \\|\u{301}                | `e`     | 2.000 [1.000, 3.000] |         |

        """, "\n\(MarkdownWriter().text([table]))")
  }

  @Test func `words of the tool stay as they are between text, which is escaped where it stands`() {
    let text: InlineText = """
      A \(strong: "bold \("*x*")") [1, 2] of \(code: "a|b") in \(file: "results.csv"), \("# no heading").
      """
    #expect(
      MarkdownWriter().text(text)
        == #"A **bold \*x\*** [1, 2] of `a|b` in [results.csv](results.csv), # no heading."#)
    #expect(text.plain == "A bold *x* [1, 2] of a|b in results.csv, # no heading.")
    // The first text of a line may begin a block, even after empty text.
    #expect(MarkdownWriter().text("\("")\("# x") y") == "\\# x y")
    #expect(MarkdownWriter().text("\("  - x") ") == #"\- x"#)
    #expect(MarkdownWriter().text("\(12). of June") == #"12\. of June"#)
  }

  @Test func `a document is headings by depth with blocks between blank lines`() {
    var document = ReportDocument("\("a*b")")
    document.warnings = ["Mind \("_this_")."]
    document.add("First.")
    document.add(note: "Read \(strong: "this").")
    document.blocks.append(.warnings(whenNone: "None."))
    var section = ReportDocument.Section("Part")
    section.blocks.append(.list([.init(text: "one", items: ["in it"]), .init(text: "two")]))
    var inner = ReportDocument.Section("Inner \(code: "x")")
    inner.add(code: "ls", language: "sh")
    section.add(inner)
    document.add(section)
    #expect(
      MarkdownWriter().text(document) == #"""
        # a\*b

        First.

        > Read **this**.

        Warnings:

        - Mind \_this\_.

        ## Part

        - one
          - in it
        - two

        ### Inner `x`

        ```sh
        ls
        ```

        """#)
    document.warnings = []
    #expect(MarkdownWriter().text(document).contains("\n\nNone.\n\n## Part"))
  }
}
