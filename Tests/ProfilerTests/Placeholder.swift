import Testing

@testable import Profiler
