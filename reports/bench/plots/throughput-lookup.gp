# Draws throughput-lookup.svg from throughput-lookup.csv: run `gnuplot throughput-lookup.gp` in this directory.
set terminal svg size 960,600 noenhanced font 'Arial,15' background '#FFFFFF' name 'lookahead'
set output 'throughput-lookup.svg'
set encoding utf8
set datafile separator comma
set datafile missing ''
set title "Measured throughput against table size, sweep 'lookup'" font 'Arial,17'
set border 3 linewidth 1.2 linecolor '#404040'
set tics nomirror out textcolor '#202020'
set grid linecolor '#E4E4E4' linetype 1 linewidth 1
set bars small
set xlabel "Size of all tables"
set logscale x 2
set xrange [11955965.103055127:94906265.62425156]
set xtics ('16 MiB' 16777216, '32 MiB' 33554432, '64 MiB' 67108864)
set title offset 0,0.5
set tmargin 3.8
set arrow from 33554432, graph 0 to 33554432, graph 1 nohead back dashtype 3 linewidth 1.5 linecolor '#707070'
set label "L3 32 MiB" at 33554432, graph 1.03 center font 'Arial,13' textcolor '#505050'
set yrange [0:125739.36122675637]
set ytics ('0' 0.0, '20 k' 20000.0, '40 k' 40000.0, '60 k' 60000.0, '80 k' 80000.0, '100 k' 100000.0, '120 k' 120000.0)
set ylabel 'Throughput (tokens/s)'
set bmargin 8.50
set key at screen 0.5, screen 0.015 bottom center horizontal maxcols 3 samplen 2.5 spacing 1.15 font 'Arial,14'
plot 'throughput-lookup.csv' skip 1 using ($1 == 1 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#0072B2' linewidth 2 pointtype 7 pointsize 0.9 title "lookup, 1 thread, fp32", \
  'throughput-lookup.csv' skip 1 using ($1 == 2 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#D55E00' linewidth 2 pointtype 5 pointsize 0.9 title "lookup, 2 threads, fp32", \
  'throughput-lookup.csv' skip 1 using ($1 == 3 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#009E73' linewidth 2 pointtype 9 pointsize 0.9 title "lookup, 1 thread, bf16", \
  'throughput-lookup.csv' skip 1 using ($1 == 4 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#CC79A7' linewidth 2 pointtype 13 pointsize 0.9 title "lookup, 2 threads, bf16", \
  'throughput-lookup.csv' skip 1 using ($1 == 5 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#E69F00' linewidth 2 pointtype 11 pointsize 0.9 title "lookup, 1 thread, int8", \
  'throughput-lookup.csv' skip 1 using ($1 == 6 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#56B4E9' linewidth 2 pointtype 6 pointsize 0.9 title "lookup, 2 threads, int8", \
  17453.985643988148 with lines linecolor '#000000' linewidth 2 dashtype 2 title "dense, 1 thread", \
  34224.98874446676 with lines linecolor '#7F7F7F' linewidth 2 dashtype 3 title "dense, 2 threads"
