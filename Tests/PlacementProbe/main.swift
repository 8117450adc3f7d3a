import Profiler
print(Topology.read().nodes)
