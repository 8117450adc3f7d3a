/// A section of a report about `Subject`: one file in Sections/, and one entry in the list of its report.
protocol ReportSection<Subject> {
  associatedtype Subject

  /// Nil where the subject has no content for this section.
  func section(of subject: Subject) -> ReportDocument.Section?
}

extension BlockContainer {
  /// Adds the sections that `subject` has content for.
  mutating func add<Subject>(_ sections: [any ReportSection<Subject>], of subject: Subject) {
    for section in sections { add(section.section(of: subject)) }
  }
}
