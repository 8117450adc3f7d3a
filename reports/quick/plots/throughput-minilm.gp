# Draws throughput-minilm.svg from throughput-minilm.csv: run `gnuplot throughput-minilm.gp` in this directory.
set terminal svg size 960,600 noenhanced font 'Arial,15' background '#FFFFFF' name 'lookahead'
set output 'throughput-minilm.svg'
set encoding utf8
set datafile separator comma
set datafile missing ''
set title "Measured throughput against table size, sweep 'minilm'" font 'Arial,17'
set border 3 linewidth 1.2 linecolor '#404040'
set tics nomirror out textcolor '#202020'
set grid linecolor '#E4E4E4' linetype 1 linewidth 1
set bars small
set xlabel "Size of all tables"
set logscale x 2
set xrange [2224365.6005683956:284718796.8727547]
set xtics ('2 MiB' 2097152, '4 MiB' 4194304, '8 MiB' 8388608, '16 MiB' 16777216, '32 MiB' 33554432, '64 MiB' 67108864, '128 MiB' 134217728, '256 MiB' 268435456)
set title offset 0,0.5
set tmargin 3.8
set arrow from 33554432, graph 0 to 33554432, graph 1 nohead back dashtype 3 linewidth 1.5 linecolor '#707070'
set label "L3 32 MiB" at 33554432, graph 1.03 center font 'Arial,13' textcolor '#505050'
set yrange [0:234963.7489567539]
set ytics ('0' 0.0, '50 k' 50000.0, '100 k' 100000.0, '150 k' 150000.0, '200 k' 200000.0)
set ylabel 'Throughput (tokens/s)'
set bmargin 7.20
set key at screen 0.5, screen 0.015 bottom center horizontal maxcols 3 samplen 2.5 spacing 1.15 font 'Arial,14'
plot 'throughput-minilm.csv' skip 1 using ($1 == 1 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#0072B2' linewidth 2 pointtype 7 pointsize 0.9 title "lookup, 1 thread", \
  'throughput-minilm.csv' skip 1 using ($1 == 2 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#D55E00' linewidth 2 pointtype 5 pointsize 0.9 title "lookup, 2 threads", \
  29916.450132725033 with lines linecolor '#0072B2' linewidth 2 dashtype 2 title "dense, 1 thread", \
  58032.80247487233 with lines linecolor '#D55E00' linewidth 2 dashtype 3 title "dense, 2 threads"
