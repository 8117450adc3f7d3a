import ArgumentParser
import Plans

extension CompletionKind {
  /// Completes `--set` with the parameters of a point and the other keys of an experiment.
  static var experimentKeys: CompletionKind { .list(Experiment.overridableKeys.map { "\($0)=" }) }
}
