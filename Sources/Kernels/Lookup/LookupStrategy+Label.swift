extension LookupStrategy {
  /// Such as `sliced/4096/128x8/p2/g-off`: order, token tile, slice columns x table group, rows prefetched, and group
  /// prefetch unless the schedule decides it.
  public var label: String {
    var text = "\(order.rawValue)/\(tokenTile)"
    if order == .sliced { text += "/\(columnSlice)x\(tableGroup)" }
    if prefetchRows > 0 { text += "/p\(prefetchRows)" }
    if let groupPrefetch { text += "/g-\(groupPrefetch.rawValue)" }
    return text
  }
}
