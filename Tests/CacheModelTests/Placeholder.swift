import Testing

@testable import CacheModel
