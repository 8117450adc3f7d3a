import CKernels

/// An instruction-set path through the micro-kernels. Raw values are the names used on the command line and in files.
public enum ISA: String, CaseIterable, Codable, Sendable {
  case avx512
  case avx2
  /// Portable C, compiled for the baseline of the architecture.
  case scalar
}
