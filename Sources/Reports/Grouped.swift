/// `values` in groups of equal keys, in the order in which the keys first occur.
func grouped<Value, Key: Hashable>(_ values: [Value], by key: (Value) -> Key) -> [(key: Key, values: [Value])] {
  var order: [Key] = []
  var groups: [Key: [Value]] = [:]
  for value in values {
    let name = key(value)
    if groups[name] == nil { order.append(name) }
    groups[name, default: []].append(value)
  }
  return order.map { ($0, groups[$0] ?? []) }
}
