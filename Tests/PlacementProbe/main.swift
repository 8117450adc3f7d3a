// Runs in an emulated machine (scripts/test-numa): requests every placement and compares the kernel's answers with
// the expectations of the host that configured the machine. Expectations are arguments KEY=VALUE:
//
//   nodes, clusters   CPUs of each memory node and L3, such as 0-3/4-7
//   distances         rows of the distance matrix, such as 10,22/22,10
//   compact, scatter, l3, list   the CPUs on which threads of that placement are to be found, in their order
//   owners            the CPUs of the workers that share an array
//   local, remote, first-touch, interleave, replicated   NODE:PARTS, where a part is what one worker owns: 0:1,1:3
//   hugetlb           the node that has huge pages reserved
//   isa               the instruction-set paths that the CPU has

import Glibc
import Profiler

/// Pages in a worker's part.
let partPages = 256

var table = CheckTable()
do {
  try runChecks(Arguments(CommandLine.arguments.dropFirst()), &table)
} catch {
  table.check("the probe", "ends", "\(error)")
}
print(table.text)
print("\(table.passed) passed, \(table.failed) failed")
exit(table.failed == 0 ? 0 : 1)
