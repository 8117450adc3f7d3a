import Foundation
import Support

/// `a` times `b`; nil where the product overflows, as with numbers from a file that is not the kernel's.
func checkedProduct(_ a: Int, _ b: Int) -> Int? {
  let (product, overflow) = a.multipliedReportingOverflow(by: b)
  return overflow ? nil : product
}

/// Reads the kernel's small text files under a root directory, so that tests can put a machine of their own there.
struct SystemFiles {
  let root: String

  init(root: String = "/") {
    self.root = root
  }

  func path(_ path: String) -> String {
    root.hasSuffix("/") ? root + path : root + "/" + path
  }

  /// The file's text without surrounding white space; nil where it does not exist or cannot be read.
  func text(_ path: String) -> String? {
    // The kernel's files are regular ones. A copy of them could contain a pipe, and reading it could wait forever.
    var status = stat()
    guard stat(self.path(path), &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    // Files in /proc and /sys report a size of 0, so this reads to the end.
    guard let file = FileHandle(forReadingAtPath: self.path(path)) else { return nil }
    defer { try? file.close() }
    guard let data = try? file.readToEnd() else { return nil }
    return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  func int(_ path: String) -> Int? {
    text(path).flatMap { Int($0) }
  }

  /// A list such as `0-3,8`.
  func cpuList(_ path: String) -> [Int]? {
    text(path).flatMap { parseCPUList($0) }
  }

  /// A mask such as `00000000,000000ff`, as a list.
  func cpuMask(_ path: String) -> [Int]? {
    text(path).flatMap { parseCPUMask($0) }
  }

  /// The CPUs of a list or, where older kernels and copies of sysfs have no list, of a mask.
  func cpus(list: String, orMask mask: String) -> [Int]? {
    cpuList(list) ?? cpuMask(mask)
  }

  func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: self.path(path))
  }

  /// The numbers N for which the directory has an entry `prefix`N, ascending.
  func numbered(_ directory: String, prefix: String) -> [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path(directory))) ?? []
    return names.filter { $0.hasPrefix(prefix) }.compactMap { Int($0.dropFirst(prefix.count)) }.sorted()
  }

  /// The names in a directory, sorted.
  func names(_ directory: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path(directory))) ?? []).sorted()
  }

  /// The value of `key` in a file of lines `key<separator>value`.
  func field(_ key: String, in path: String, separator: Character = ":") -> String? {
    guard let text = text(path) else { return nil }
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: separator, maxSplits: 1)
      guard parts.count == 2, parts[0].trimmingCharacters(in: .whitespaces) == key else { continue }
      return parts[1].trimmingCharacters(in: .whitespaces)
    }
    return nil
  }

  /// A size such as `MemTotal:  24620216 kB`, in bytes. `meminfo` files of a NUMA node put `Node 0` before the key.
  func kilobytesField(_ key: String, in path: String) -> Int? {
    guard let text = text(path) else { return nil }
    for line in text.split(separator: "\n") {
      let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
      guard let index = words.firstIndex(of: "\(key):"), index + 1 < words.count else { continue }
      return Int(words[index + 1]).flatMap { checkedProduct($0, 1024) }
    }
    return nil
  }
}
