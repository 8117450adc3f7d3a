// swift-tools-version: 6.1
import PackageDescription

// Dependencies point one way (see README, "Architecture"):
//   lookahead -> Reports -> Studies -> Measurement -> HostModel -> RunStore -> Plans -> { Kernels, Profiler } -> Support
//   Studies and HostModel -> CacheModel's targets: Projection -> Profiles -> Simulation -> Machines -> AccessStreams
// Kernels uses CacheModel for the access-stream vocabulary only; Profiler and CacheModel know nothing of each other.

// The number crunching is optimised in debug builds too, where the tests spend most of their time. Preconditions and overflow
// checks stay, as do C's assertions; Swift's `assert` would go, and is not used. The whole module at once, because a generic
// type is specialised only where all files are seen; with threads, because each file then has the object that the linker wants.
let optimised: [SwiftSetting] = [
  .enableUpcomingFeature("MemberImportVisibility"),
  .unsafeFlags(["-O", "-whole-module-optimization", "-num-threads", "2"], .when(configuration: .debug)),
]
let optimisedC: [CSetting] = [.unsafeFlags(["-O2"], .when(configuration: .debug))]

// Files see the members of the modules that they import, and of no others.
let declaredImports: [SwiftSetting] = [.enableUpcomingFeature("MemberImportVisibility")]

// Rooms that compute little are compiled as in debug builds, also for a release, which saves a minute of the first build.
let unoptimised: [SwiftSetting] = declaredImports + [.unsafeFlags(["-Onone"], .when(configuration: .release))]

let package = Package(
  name: "lookahead",
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  ],
  targets: [
    // MARK: - System libraries and C

    // libpfm4 ships no pkg-config file, so the module map names the library itself.
    .systemLibrary(name: "CLibPFM", providers: [.apt(["libpfm4-dev"])]),
    .systemLibrary(name: "CLibNUMA", pkgConfig: "numa", providers: [.apt(["libnuma-dev"])]),
    .target(name: "CLinux", cSettings: [.define("_GNU_SOURCE")]),
    .target(name: "CKernels", cSettings: [.define("NDEBUG", .when(configuration: .release))] + optimisedC),
    .target(name: "CMicroBenchmarks", cSettings: optimisedC),
    .target(name: "CSetSearch", cSettings: optimisedC),

    // MARK: - The rooms

    .target(name: "Support", dependencies: ["Yams"], swiftSettings: declaredImports),
    // The model, one target a folder.
    .target(
      name: "AccessStreams", dependencies: ["Support"], path: "Sources/CacheModel/AccessStreams",
      swiftSettings: optimised),
    .target(
      name: "Machines", dependencies: ["AccessStreams", "Support"], path: "Sources/CacheModel/Machines",
      resources: [.copy("Catalogue")], swiftSettings: optimised),
    .target(
      name: "Simulation", dependencies: ["CSetSearch", "Machines", "AccessStreams", "Support"],
      path: "Sources/CacheModel/Simulation", swiftSettings: optimised),
    .target(
      name: "Profiles", dependencies: ["Simulation", "Machines", "AccessStreams", "Support"],
      path: "Sources/CacheModel/Profiles", swiftSettings: optimised),
    .target(
      name: "Projection", dependencies: ["Profiles", "Simulation", "Machines", "AccessStreams", "Support"],
      path: "Sources/CacheModel/Projection", swiftSettings: optimised),

    .target(
      name: "Kernels", dependencies: ["CKernels", "CLinux", "AccessStreams", "Support"], swiftSettings: optimised),
    .target(
      name: "Profiler", dependencies: ["CMicroBenchmarks", "CLinux", "CLibPFM", "CLibNUMA", "Support"],
      resources: [.copy("Groups")], swiftSettings: declaredImports),
    // Experiments, one target a folder: the way of the data, from the plan to the studies.
    .target(name: "Statistics", path: "Sources/Experiments/Statistics", swiftSettings: optimised),
    .target(
      name: "Plans", dependencies: ["Kernels", "Profiler", "Statistics", "Support"], path: "Sources/Experiments/Plans",
      swiftSettings: unoptimised),
    .target(
      name: "RunStore",
      dependencies: [
        "Plans", "Statistics", "Kernels", "Profiler", "Support", "CLinux",
        .product(name: "GRDB", package: "GRDB.swift"),
      ], path: "Sources/Experiments/RunStore", swiftSettings: declaredImports),
    .target(
      name: "HostModel",
      dependencies: ["RunStore", "Statistics", "Kernels", "Profiler", "Machines", "Simulation", "Support"],
      path: "Sources/Experiments/HostModel", swiftSettings: unoptimised),
    .target(
      name: "Measurement",
      dependencies: [
        "HostModel", "RunStore", "Plans", "Statistics", "Kernels", "Profiler", "AccessStreams", "Machines",
        "Simulation", "Projection", "Support", "CLinux",
      ], path: "Sources/Experiments/Measurement", swiftSettings: unoptimised),
    .target(
      name: "Studies",
      dependencies: [
        "Measurement", "HostModel", "RunStore", "Plans", "Statistics", "Kernels", "Profiler", "AccessStreams",
        "Machines", "Simulation", "Profiles", "Projection", "Support",
      ], path: "Sources/Experiments/Studies", swiftSettings: unoptimised),
    .target(
      name: "Cluster", dependencies: ["Measurement", "RunStore", "Plans", "Profiler", "Support"],
      path: "Sources/Experiments/Cluster", swiftSettings: unoptimised),

    .target(
      name: "Reports",
      dependencies: [
        "Studies", "Measurement", "HostModel", "RunStore", "Plans", "Statistics", "Kernels", "Profiler", "Machines",
        "Simulation", "Projection", "Support",
      ], swiftSettings: unoptimised),
    .executableTarget(
      name: "lookahead",
      dependencies: [
        "Reports", "Cluster", "Studies", "Measurement", "HostModel", "RunStore", "Plans", "Profiler",
        "Kernels", "AccessStreams", "Machines", "Simulation", "Profiles", "Projection", "Support", "CLinux",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: unoptimised),

    // Run by scripts/test-numa inside an emulated machine of several memory nodes.
    .executableTarget(
      name: "placement-probe", dependencies: ["Profiler", "Kernels", "CLibNUMA", "CLinux"],
      path: "Tests/PlacementProbe",
      swiftSettings: declaredImports),

    // MARK: - Tests, one target per room

    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: declaredImports),
    .target(
      name: "PlanSupport", dependencies: ["Plans", "Kernels", "Profiler"], path: "Tests/PlanSupport",
      swiftSettings: declaredImports),
    .target(name: "CSeccomp", path: "Tests/CSeccomp"),
    .testTarget(name: "SupportTests", dependencies: ["Support", "TestSupport"], swiftSettings: declaredImports),
    .testTarget(
      name: "CacheModelTests",
      dependencies: ["AccessStreams", "CSetSearch", "Machines", "Simulation", "Profiles", "Projection", "Support"],
      exclude: ["Fixtures"], swiftSettings: declaredImports),
    .testTarget(
      name: "KernelsTests",
      dependencies: [
        "Kernels", "CKernels", "AccessStreams", "CSetSearch", "Machines", "Profiles", "Projection", "Simulation",
        "Support", "TestSupport",
      ],
      swiftSettings: declaredImports),
    .testTarget(
      name: "ProfilerTests",
      dependencies: ["Profiler", "CMicroBenchmarks", "CLinux", "Support", "TestSupport", "CSeccomp"],
      swiftSettings: declaredImports),
    // On the tool too: a run is killed from outside.
    .testTarget(
      name: "ExperimentsTests",
      dependencies: [
        "Cluster", "Studies", "Measurement", "HostModel", "RunStore", "Plans", "PlanSupport", "Statistics", "Kernels",
        "Profiler", "AccessStreams", "Machines", "Simulation", "Projection", "Support", "CLinux", "CSetSearch",
        "TestSupport", "lookahead", "Yams", .product(name: "GRDB", package: "GRDB.swift"),
      ], exclude: ["Fixtures"], swiftSettings: declaredImports),
    .testTarget(
      name: "ReportsTests",
      dependencies: [
        "Reports", "Studies", "Measurement", "HostModel", "RunStore", "Plans", "PlanSupport", "Statistics", "Kernels",
        "Profiler", "Machines", "Simulation", "CSetSearch", "Support", "TestSupport",
      ], swiftSettings: declaredImports),
    .testTarget(name: "CommandTests", dependencies: ["lookahead", "TestSupport"], swiftSettings: declaredImports),
    // Not a test of its own: scripts/test-streams runs it under valgrind.
    .executableTarget(
      name: "StreamProof", dependencies: ["Kernels", "AccessStreams", "Machines", "Simulation", "Profiles", "Support"],
      path: "Tests/StreamProof", swiftSettings: declaredImports),
  ]
)
