import Foundation

/// The kind of file at a path.
public enum FileKind: Equatable, Sendable {
  case regular(bytes: Int)
  case directory
  /// A pipe, FIFO, socket or device, whose bytes can be read only once.
  case stream

  /// Nil where there is no file, or where its status cannot be read.
  public init?(path: String) {
    guard let name = try? RawNames.ofProcess.bytes(of: path) else { return nil }
    var status = stat()
    guard stat(cString(name), &status) == 0 else { return nil }
    self.init(status)
  }

  fileprivate init(_ status: stat) {
    switch status.st_mode & S_IFMT {
    case S_IFREG: self = .regular(bytes: Int(status.st_size))
    case S_IFDIR: self = .directory
    default: self = .stream
    }
  }
}

/// Whether a file or a stream that can be read lies at `path`.
public func inputFileExists(_ path: String) -> Bool {
  FileKind(path: path).map { $0 != .directory } ?? false
}

/// Throws `InputError` for a pipe or device where `readers` reads the file more than once. Other files are left to
/// their reader.
public func requireNoStream(_ path: String, readers: String) throws {
  if FileKind(path: path) == .stream {
    throw InputError(file: path, "expected a regular file, because \(readers) reads it again; found a pipe or device")
  }
}

/// A file that the user named, open for reading: a regular file, or a stream, whose bytes can be read only once.
public final class InputFile {
  public let path: String
  public let kind: FileKind
  public let descriptor: Int32

  /// Opens the file. Waits for a FIFO's writer. Throws `InputError` where it cannot be read.
  public init(_ path: String) throws {
    let name = try RawNames.ofProcess.bytes(of: path)
    var descriptor = open(cString(name), O_RDONLY | O_CLOEXEC)
    // A socket cannot be opened by its name in /dev, though it may be somebody's standard input.
    if descriptor < 0, errno == ENXIO, path == "/dev/stdin" { descriptor = dup(STDIN_FILENO) }
    guard descriptor >= 0 else {
      throw InputError(
        file: path, errno == ENOENT ? "no such file" : "expected a readable file: \(String(cString: strerror(errno)))")
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, FileKind(status) != .directory else {
      close(descriptor)
      throw InputError(file: path, "expected a readable file, found a directory")
    }
    self.path = path
    self.descriptor = descriptor
    kind = FileKind(status)
  }

  deinit {
    close(descriptor)
  }

  /// Reads the available bytes, up to the buffer's size; returns 0 at the end of the file.
  public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    while true {
      let count = Foundation.read(descriptor, buffer.baseAddress, buffer.count)
      if count >= 0 { return count }
      guard errno == EINTR else {
        throw InputError(file: path, "expected a readable file: \(String(cString: strerror(errno)))")
      }
    }
  }

  /// Reads `count` bytes, or fewer where the file ends before. Memory is allocated for the bytes read, not for
  /// `count`.
  public func read(upTo count: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      let chunk = min(count - bytes.count, Self.chunkBytes)
      let read = try [UInt8](unsafeUninitializedCapacity: chunk) { buffer, initialized in
        initialized = try self.read(into: UnsafeMutableRawBufferPointer(buffer))
      }
      if read.isEmpty { break }
      bytes += read
    }
    return bytes
  }

  /// Large enough that system calls cost nothing, small enough to stay in the cache.
  public static let chunkBytes = 1 << 18
}

private func cString(_ name: [UInt8]) -> [CChar] { name.map { CChar(bitPattern: $0) } + [0] }
