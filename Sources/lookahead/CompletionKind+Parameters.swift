import ArgumentParser
import Plans

extension CompletionKind {
  /// Completes `--set` by the parameters of a point, and the keys that an experiment has besides them.
  static var experimentKeys: CompletionKind { .list(Experiment.overridableKeys.map { "\($0)=" }) }
}
