import Foundation
import GRDB
import Testing

@testable import Plans
@testable import RunStore

@Suite struct NoteTests {
  private static let text = """
    schema: lookahead/experiment/1
    name: notes
    sweeps: [{name: a, set: {kernel: lookup, tokens: 64}, axes: {table_rows: [16, 32]}}]
    """

  private func withStore(_ version: String? = nil, _ body: (RunStore, Plan, String) throws -> Void) throws {
    try withTemporaryDirectory { path in
      let plan = try Plan(Experiment(text: Self.text, file: "notes.yaml"), cpuCount: 1)
      let file = "\(path)/results.sqlite"
      let store = try RunStore(path: file, create: true, version: version)
      try store.add(plan)
      try body(store, plan, file)
    }
  }

  private func result(_ point: Point, notes: String? = nil) -> ResultRow {
    var row = ResultRow(runID: "r", host: "h", point: point, status: .passed)
    row.notes = notes
    return row
  }

  @Test func `a row has the texts of its notes once, in the order of launches, and drift last`() {
    func note(_ kind: NoteRow.Kind, _ launch: Int?, _ text: String) -> NoteRow {
      NoteRow(runID: "r", pointID: "p", launch: launch, kind: kind, text: text)
    }
    let notes = [
      note(.drift, 0, "moved"), note(.launches, nil, "differ"), note(.placement, 1, "pages"), note(.check, 0, "tokens"),
      note(.placement, 0, "pages"),
    ]
    #expect(NoteRow.joined(notes) == "tokens; pages; differ; moved")
    #expect(NoteRow.joined([]) == nil)
  }

  @Test func `notes of a kind are replaced by kind, whatever they say`() throws {
    try withStore { store, plan, _ in
      let point = plan.points[0]
      func note(_ kind: NoteRow.Kind, _ text: String) -> NoteRow {
        NoteRow(runID: "r", pointID: point.id, launch: 0, kind: kind, text: text)
      }
      try store.finish(PointOutcome(result: result(point), notes: [note(.placement, "a; b"), note(.drift, "was off")]))
      #expect(try store.rows(ResultRow.self).map(\.notes) == ["a; b; was off"])
      let unmeasured = NoteRow(runID: "r", pointID: plan.points[1].id, launch: 0, kind: .drift, text: "off")
      try store.replaceNotes(.drift, by: [note(.drift, "is off"), unmeasured])
      #expect(try store.rows(ResultRow.self).map(\.notes) == ["a; b; is off"])
      #expect(try store.rows(NoteRow.self) == [note(.placement, "a; b"), note(.drift, "is off")])
      #expect(
        try store.csv(NoteRow.self)
          == "run_id,point_id,launch,kind,text\nr,\(point.id),0,placement,a; b\nr,\(point.id),0,drift,is off\n")
      try store.replaceNotes(.drift, by: [])
      #expect(try store.rows(ResultRow.self).map(\.notes) == ["a; b"])
    }
  }

  @Test func `notes of older tools become rows of the kind that their words tell, and their text stays`() throws {
    try withStore("8") { old, plan, file in
      let text =
        "12 tokens not compared: a projection lies at 0; pages moved during timing, from 0:1 to 1:1; not projected: no; "
        + "something else; launches differ more than samples of one do: the interval, over all samples, is too narrow; "
        + "the machine's speed moved beside launch 3: compute 50 % before and 99 % after (of the run's median)"
      try old.write { db in
        try result(plan.points[0], notes: text).insert(db)
        try result(plan.points[1]).insert(db)
      }
      try old.close()
      let store = try RunStore(path: file, create: false)
      let notes = try store.rows(NoteRow.self)
      #expect(notes.map(\.kind) == [.check, .placement, .projection, .note, .launches, .drift])
      #expect(notes.map(\.launch) == [nil, nil, nil, nil, nil, 3])
      #expect(NoteRow.joined(notes) == text)
      #expect(try store.rows(ResultRow.self).map(\.notes) == [text, nil])
    }
  }

  @Test func `a kind that no tool writes is refused`() throws {
    try withStore { store, plan, _ in
      try store.write { db in
        try db.execute(sql: "INSERT INTO notes VALUES ('r', ?, 0, 'rumour', 'x')", arguments: [plan.points[0].id])
      }
      #expect(throws: (any Error).self) { try store.rows(NoteRow.self) }
    }
  }
}
