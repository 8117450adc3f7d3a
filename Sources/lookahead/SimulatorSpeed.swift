import AccessStreams
import ArgumentParser
import Foundation
import Machines
import Simulation

/// `simulator-speed`: line accesses per second of the exact simulator, for `make bench`.
struct SimulatorSpeedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulator-speed",
    abstract: "Time the cache simulator on three LRU levels (48 KiB, 1 MiB, 32 MiB).",
    discussion: "One core. Each stream warms the caches once; the median of five passes counts.",
    shouldDisplay: false)

  @Flag(help: "Measure even with a debug build.")
  var allowDebug = false

  @Flag(help: "Print one JSON document.")
  var json = false

  func run() throws {
    #if DEBUG
      guard allowDebug else {
        printMessage("error: a debug build cannot be benchmarked; use swift build -c release")
        throw ExitStatus.failure.code
      }
    #endif
    let rows = try SpeedStream.all.map { try $0.measure() }
    if json { return try printJSON(["streams": rows]) }
    printTable(
      ["stream", "M line accesses/s", "L1 misses", "L2 misses", "L3 misses"],
      rows.map { row in
        [row.stream, String(format: "%.1f", row.lineAccessesPerSecond / 1e6)]
          + row.missRatios.map { String(format: "%.1f %%", 100 * $0) }
      })
  }
}

/// Addresses that stress one part of the hierarchy; scripts/bench-pycachesim uses the same ones.
private struct SpeedStream {
  struct Row: Encodable {
    var stream: String
    var lineAccessesPerSecond: Double
    /// Expected misses per access of each level, from L1 outwards.
    var missRatios: [Double]

    enum CodingKeys: String, CodingKey {
      case stream
      case lineAccessesPerSecond = "line_accesses_per_s"
      case missRatios = "miss_ratios"
    }
  }

  static let all = [
    SpeedStream(name: "random in 32 KiB", spanBytes: 32 << 10),
    SpeedStream(name: "random in 512 KiB", spanBytes: 512 << 10),
    SpeedStream(name: "random in 8 MiB", spanBytes: 8 << 20),
    SpeedStream(name: "random in 1 GiB", spanBytes: 1 << 30),
    SpeedStream(name: "sequential words in 256 MiB", spanBytes: 256 << 20, strideBytes: 8),
    SpeedStream(name: "sequential lines in 256 MiB", spanBytes: 256 << 20, strideBytes: 64),
  ]
  private static let accesses = 1 << 21
  private static let passes = 5

  var name: String
  var spanBytes: UInt64
  /// Nil for random addresses, which come from a linear congruential generator (Knuth's MMIX constants).
  var strideBytes: UInt64?

  func measure() throws -> Row {
    var x: UInt64 = 12345
    let accesses = (0..<SpeedStream.accesses).map { index -> Access in
      x = x &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let address = strideBytes.map { UInt64(index) * $0 % spanBytes } ?? ((x >> 33) % spanBytes) & ~7
      return Access(address: address, bytes: 8, kind: .read)
    }
    let simulator = try CacheSimulator(caches: [
      CacheDescription(name: "L1", sizeBytes: 48 << 10, ways: 12),
      CacheDescription(name: "L2", sizeBytes: 1 << 20, ways: 16),
      CacheDescription(name: "L3", sizeBytes: 32 << 20, ways: 16),
    ])
    var seconds: [Double] = []
    accesses.withUnsafeBufferPointer { all in
      simulator.consume(all)
      for _ in 0..<SpeedStream.passes {
        simulator.resetCounts()
        let start = DispatchTime.now().uptimeNanoseconds
        simulator.consume(all)
        seconds.append(Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9)
      }
    }
    return Row(
      stream: name, lineAccessesPerSecond: Double(accesses.count) / seconds.sorted()[SpeedStream.passes / 2],
      missRatios: simulator.totalCounts.levels.map {
        $0.reads > 0 ? Double($0.misses) / Double($0.reads) : 0
      })
  }
}
