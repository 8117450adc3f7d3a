import Testing

@testable import lookahead
