import ArgumentParser
import Cluster
import Foundation
import Measurement
import Plans
import Profiler
import RunStore
import Studies
import Support

/// The hidden verb that the batch script of 'slurm submit' starts on each node, in the job's directory.
struct SlurmTaskCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "task",
    abstract: "Measure the missing points of a task of a job array; started by Slurm.",
    shouldDisplay: false)

  func run() throws {
    // From the start, because Slurm may want the node back at any time.
    Interruption.note()
    let directory = try SlurmDirectory(opening: FileManager.default.currentDirectoryPath)
    let job = directory.job
    guard BuildConfiguration.current == .release || job.settings.allowsDebug || job.settings.projects else {
      throw DebugBuild()
    }
    guard FileManager.default.changeCurrentDirectoryPath(job.workingDirectory) else {
      throw InputError(file: job.workingDirectory, "expected the directory of the submission on this node too")
    }
    let place = try SlurmTask.Place(scratch: job.settings.scratch)
    let task = try SlurmTask(directory, at: place)
    let experiment = try job.readExperiment()
    let topology = Topology.read()
    let plan = try Plan(experiment, topology: topology)
    let inputs = try RunInputs(experiment, plan: plan)
    if !job.settings.projects {
      try experiment.enforceConstraints(plan: plan, topology: topology) { printMessage($0) }
    }
    let revision = GitRevision.current()
    let manifest = Manifest(
      experiment: experiment, commandLine: job.commandLine, gitRevision: revision?.commit,
      gitDirty: revision?.isDirty, host: place.node, toolVersion: toolVersion, shard: task.shard,
      modelled: job.settings.projects ? true : nil, layers: try plan.layerContents(experiment))
    printMessage("task \(task.shard.argument) of job \(place.jobID) on \(place.node), in \(place.scratch)")
    let progress = Progress()
    do {
      let results = try task.run(
        plan, manifest: manifest, report: { progress.show($0) },
        measure: { run, options, report in
          if !job.settings.projects {
            var options = options
            options.tuningDirectory = TuningCache.defaultDirectory()
            try SweepRunner(
              experiment: experiment, inputs: inputs, directory: run, topology: topology, options: options,
              report: report
            ).run()
          }
          try ProjectionSweep(experiment, in: run, inputs: inputs, report: report).run()
        })
      guard let results else { return printMessage("nothing was missing") }
      if job.settings.projects { return }
      let failed = results.count { $0.status == .failed }
      printMessage("\(results.count { $0.status == .passed }) passed, \(failed) failed")
      if failed > 0 { throw ExitStatus.somePointsFailed.code }
    } catch is Interrupted {
      printMessage("interrupted; complete points are copied, and the next start continues from there")
      throw ExitStatus.failure.code
    }
  }
}
