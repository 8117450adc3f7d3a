import Machines

@testable import Plans

/// The expected files of `SyntheticRun.small`. After an intended change, run the tests with LOOKAHEAD_TEST_OUTPUT set
/// to a directory, look at its `small/`, and copy the texts here.
let goldenSmallRun: [(name: String, text: String)] = [
  (
    "report.md",
    #"""
    # small

    Run `20260101T000000Z-85514631`, started 2026-01-01T00:00:00Z.

    ## Summary

    4 points: 2 passed, 1 failed, 1 skipped.

    Best lookup against best dense, by threads (ns/token, median [95 % interval]; measured):

    | sweep | threads | tokens | best lookup           |      lookup ns/token |   dense ns/token |           speed-up |
    | ----- | ------: | -----: | --------------------- | -------------------: | ---------------: | -----------------: |
    | a     |       1 |     64 | T=4 rows=256 (32 KiB) | 400.0 [399.3, 400.7] | 1000 [998, 1002] | 2.50x [2.49, 2.51] |

    Warnings:

    - The baseline `dense ff=32 d=8 tokens=64 threads=1` reached only 60.0 % of the measured fp32 multiply-add peak with OpenBLAS 0.3.21 SkylakeX: speed-ups against it flatter the lookup.
    - No library that was audited does better for 64 x 8 x 32 (dense 8-32-8) than 64.3 % of the measured fp32 multiply-add peak, by BLIS 1.0 skx: speed-ups against it flatter the lookup.
    - gnuplot was not found, so that the plots are not drawn; install it (`apt install gnuplot-nox`) and run `lookahead report` again.

    ## Machine and its state

    Host `testbench`.

    No facts were recorded.

    ## Method

    - Every point's output was checked against the reference before it was timed; a point that failed has no numbers.
    - Times are medians over passes through all tokens, with a nonparametric 95 % interval from order statistics. A speed-up's interval divides the far ends of the two intervals. Outliers (modified z-score above 10) are flagged and kept.
    - Points ran in an order shuffled with seed 1, each in a process of its own.
    - A point stopped after at least 10 samples and 0.500 s once half its interval was within 1.0 % of the median, or after 15.0 s; warm-up 0.200 s; one process.
    - Samples per point: 25 to 25.
    - Stop reason `interval_width`: 2 points.

    Command: `lookahead run study.yaml --output 'my runs'`

    ## Results

    ### Sweep `a`

    | kernel | shape                 | tokens | threads | strategy                 | placement             |   ns/token [95 % CI] |  n | tokens/s | GFLOP/s | of FMA peak | speed-up over dense |
    | ------ | --------------------- | -----: | ------: | ------------------------ | --------------------- | -------------------: | --: | -------: | ------: | ----------: | ------------------: |
    | dense  | d=8 ff=32             |     64 |       1 | OpenBLAS 0.3.21 SkylakeX | compact (0) local thp |     1000 [998, 1002] | 25 |   1.00 M |    1.02 |      60.0 % |                   – |
    | lookup | T=4 rows=256 (32 KiB) |     64 |       1 | sliced/64/8x4            | compact (0) local thp | 400.0 [399.3, 400.7] | 25 |   2.50 M |    1500 |           – |  2.50x [2.49, 2.51] |

    Baselines of the speed-ups:

    - 1 look-up against `dense ff=32 d=8 tokens=64 threads=1`: same type, CPUs, memory, pages and instruction set; the only one of the same tokens, threads and shape

    ## Accounting

    Counted from the algorithm, per token; bytes are those the algorithm names, not those moved.

    | kernel | shape                 |   FLOP | algorithmic bytes | table bytes | dense FLOP / lookup FLOP |
    | ------ | --------------------- | -----: | ----------------: | ----------: | -----------------------: |
    | dense  | d=8 ff=32             | 1.02 k |            8.19 k |           – |                        – |
    | lookup | T=4 rows=256 (32 KiB) |  600 k |               128 |           – |                 0.00171x |

    ## Counters

    Per token, over all threads or sockets. † scaled: counted during a part of the pass, and extrapolated; ‡ suspect: the event failed its self-check. counters.csv explains each.

    Group `software`:

    | point                                                     | perf::PAGE-FAULTS |
    | --------------------------------------------------------- | ----------------: |
    | dense ff=32 d=8 tokens=64 threads=1                       |              2.00 |
    | lookup T=4 rows=256 d=8 tokens=64 threads=1 sliced/64/8x4 |              2.00 |

    Without a value:

    - unsupported (this machine exposes no PMU): `perf::CYCLES`, at 2 of 4 points

    ## Baseline audit

    Every library found was measured, with its own choice and with each core type that this CPU can run: one product on one thread in a process of its own, a dense layer's with its bias and GELU. The dense points of a layer run on the library with the least time over its products. Shares are of the peak of the product's element type.

    | layer        | library | version | core type | forced | dtype | m x n x k   | GFLOP/s | of FMA peak | chosen  |
    | ------------ | ------- | ------- | --------- | ------ | ----- | ----------- | ------: | ----------: | ------- |
    | dense 8-32-8 | BLIS    | 1.0     | generic   |        | fp32  | 64 x 32 x 8 |    38.0 |      15.8 % |         |
    | dense 8-32-8 | BLIS    | 1.0     | generic   |        | fp32  | 64 x 8 x 32 |    37.0 |      15.4 % |         |
    | dense 8-32-8 | BLIS    | 1.0     | skx       | yes    | fp32  | 64 x 32 x 8 |     210 |      87.1 % | **yes** |
    | dense 8-32-8 | BLIS    | 1.0     | skx       | yes    | fp32  | 64 x 8 x 32 |     155 |      64.3 % | **yes** |

    **Below 70 % of the peak even on the library chosen:** 64 x 8 x 32 (dense 8-32-8).

    Not in the table:

    - OpenBLAS: libopenblas.so.0: cannot open shared object file

    ## Ceilings

    Micro-benchmarks of the same run on the same machine, medians; measured.

    No ceilings were measured.

    ## Measured beside projected

    Projections are modelled from the points' access streams and the machines' descriptions, never fitted to the measurements beside them. Bands are low to high.

    ### On the host

    Mean absolute error 78.6 %, bias -78.6 %, over 1 point; against each point's fastest sample, which others on the machine disturbed least, 78.7 %, bias -78.7 %.

    | point                                                     | measured tokens/s | modelled tokens/s (band) |   error | limiter |
    | --------------------------------------------------------- | ----------------: | -----------------------: | ------: | ------- |
    | lookup T=4 rows=256 d=8 tokens=64 threads=1 sliced/64/8x4 |            2.50 M |   534 k (481 k to 588 k) | -78.6 % | L2      |

    ## Failures and skips

    - skipped: 2 threads, 1 CPU
      - dense ff=32 d=8 tokens=64 threads=2 (`f5e3ad6aae67d37b`)
    - failed: 3 codes differ
      - lookup T=4 rows=256 d=8 tokens=64 threads=2 sliced/64/8x4 (`804d9fd45d8d08c4`)

    ## Reproduce

    lookahead 0.1.0 at `0123abc`:

    ```sh
    lookahead run study.yaml --output 'my runs'
    ```

    The experiment, `study.yaml`:

    ```yaml
    schema: lookahead/experiment/1
    name: small
    sweeps:
      - name: a
        set: {tokens: 64, tables: 4, hidden: 8, intermediate: 32, block_size: 4, column_slice: 128, table_group: 8, prefetch_rows: 0}
        axes: {kernel: [dense, lookup], threads: [1, 2]}
    ```

    ## Files

    - [manifest.json](manifest.json): what was run, where and how
    - [plan.jsonl](plan.jsonl): every point
    - results.sqlite: everything measured
    - [results.csv](results.csv), [samples.csv](samples.csv), [counters.csv](counters.csv), [metrics.csv](metrics.csv), [projections.csv](projections.csv), [sensitivities.csv](sensitivities.csv), [stages.csv](stages.csv), [ceilings.csv](ceilings.csv), [audit.csv](audit.csv), [tuning.csv](tuning.csv), [facts.csv](facts.csv), [attempts.csv](attempts.csv), [sentinel.csv](sentinel.csv), [notes.csv](notes.csv): the same as tables

    """#
  ),
  (
    "results.csv",
    #"""
    run_id,point_id,sweep,status,reason,host,cpu_model,kernel,kernel_version,isa,dtype,layer,projection,projection_dtype,tokens,hidden,intermediate,output,tables,table_rows,table_bytes,order,token_tile,column_slice_columns,table_group,prefetch_rows,group_prefetch,tuned,threads,partition,cpus,verified_cpus,memory,pages,pages_per_node_before,pages_per_node_after,page_kind_before,page_kind_after,blas,codes,code_entropy_bits,n,median_ns,ci95_low_ns,ci95_high_ns,min_ns,iqr_ns,outliers,stop_reason,launches,between_launch_sd_ns,within_launch_sd_ns,tokens_per_s,ns_per_token,gflop_per_s,flop_per_token,algorithmic_bytes_per_token,algorithmic_gb_per_s,fraction_of_fma_peak,max_abs_error,code_mismatches,notes
    20260101T000000Z-85514631,735b513e796aab58,a,passed,,testbench,,dense,3,avx512,fp32,,,,64,8,32,8,,,,,,,,,,,1,,compact,0,local,thp,,,,thp,OpenBLAS 0.3.21 SkylakeX,,,25,64000,63893.33333333333,64106.66666666667,63744,256,0,interval_width,,,,1000000,1000,1.024,1024,8192,8.192,0.6,1e-06,,
    20260101T000000Z-85514631,36d899fb87abbf7d,a,passed,,testbench,,lookup,3,avx512,fp32,,bh4,fp32,64,8,,8,4,256,32768,sliced,64,8,4,0,,0,1,tokens,compact,0,local,thp,,,,thp,,uniform,,25,25600,25557.333333333332,25642.666666666668,25497.6,102.40000000000146,0,interval_width,,,,2500000,400,1500,600000,128,0.32,,1e-06,0,
    20260101T000000Z-85514631,f5e3ad6aae67d37b,a,skipped,"2 threads, 1 CPU",testbench,,dense,3,,fp32,,,,64,8,32,8,,,,,,,,,,,2,,compact,,local,thp,,,,,,,,,,,,,,,,,,,,,,,,,,,,
    20260101T000000Z-85514631,804d9fd45d8d08c4,a,failed,3 codes differ,testbench,,lookup,3,,fp32,,bh4,fp32,64,8,,8,4,256,32768,sliced,64,8,4,0,,0,2,tokens,compact,,local,thp,,,,,,uniform,,,,,,,,,,,,,,,,,,,,,,

    """#
  ),
  (
    "counters.csv",
    #"""
    run_id,point_id,launch,thread,socket,group,event,canonical_event,source,raw,enabled_ns,running_ns,value,quality,reason
    20260101T000000Z-85514631,735b513e796aab58,0,,,software,perf::PAGE-FAULTS,,software,128,1000,1000,128,exact,
    20260101T000000Z-85514631,735b513e796aab58,0,,,cache,perf::CYCLES,,,,,,,unsupported,this machine exposes no PMU
    20260101T000000Z-85514631,36d899fb87abbf7d,0,,,software,perf::PAGE-FAULTS,,software,128,1000,1000,128,exact,
    20260101T000000Z-85514631,36d899fb87abbf7d,0,,,cache,perf::CYCLES,,,,,,,unsupported,this machine exposes no PMU

    """#
  ),
]
