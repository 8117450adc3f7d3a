import Foundation

/// Why a call of Foundation failed, in the system's words: `No space left on device`. Other errors give their own
/// text.
///
/// Foundation's descriptions differ between its versions, and name error domains that mean nothing to a user.
public func plainReason(_ error: Error) -> String {
  guard let failure = fileFailure(error) else { return singleLine("\(error)") }
  if let code = posixCode(failure) { return String(cString: strerror(code)) }
  switch CocoaError.Code(rawValue: failure.code) {
  case .fileNoSuchFile, .fileReadNoSuchFile: return String(cString: strerror(ENOENT))
  case .fileWriteFileExists: return String(cString: strerror(EEXIST))
  case .fileReadNoPermission, .fileWriteNoPermission: return String(cString: strerror(EACCES))
  case .fileWriteOutOfSpace: return String(cString: strerror(ENOSPC))
  case .fileWriteVolumeReadOnly: return String(cString: strerror(EROFS))
  case .fileReadInvalidFileName, .fileWriteInvalidFileName: return "a name that the file system does not allow"
  case .fileReadTooLarge: return String(cString: strerror(EFBIG))
  default: return "the file could not be \(failure.code >= 512 ? "written" : "read")"
  }
}

/// An error as one line that names the file, where Foundation says which: `reports/a/report.md: No space left on device`.
public func plainMessage(_ error: Error) -> String {
  guard let failure = fileFailure(error) else { return singleLine("\(error)") }
  let path = failure.userInfo[NSFilePathErrorKey] as? String ?? (failure.userInfo[NSURLErrorKey] as? URL)?.path
  return (path.map { "\(singleLine($0)): " } ?? "") + plainReason(error)
}

/// The error as an `NSError` of Foundation about a file; nil for any other.
private func fileFailure(_ error: Error) -> NSError? {
  guard error is CocoaError || error is POSIXError || type(of: error) == NSError.self else { return nil }
  return error as NSError
}

/// The system's error number under a Foundation error.
private func posixCode(_ error: NSError) -> Int32? {
  if error.domain == NSPOSIXErrorDomain { return Int32(exactly: error.code) }
  return (error.userInfo[NSUnderlyingErrorKey] as? Error).flatMap { posixCode($0 as NSError) }
}
