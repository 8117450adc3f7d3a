import Foundation

/// Transforms every element, as many at a time as there are cores. Throws the first element's error, if any fails.
public func concurrentMap<Element, Result>(_ elements: [Element], _ transform: (Element) throws -> Result) throws
  -> [Result]
{
  let results = UnsafeMutableBufferPointer<Swift.Result<Result, any Error>?>.allocate(capacity: elements.count)
  results.initialize(repeating: nil)
  defer {
    results.deinitialize()
    results.deallocate()
  }
  DispatchQueue.concurrentPerform(iterations: elements.count) { index in
    results[index] = Swift.Result { try transform(elements[index]) }
  }
  return try results.compactMap { try $0?.get() }
}
