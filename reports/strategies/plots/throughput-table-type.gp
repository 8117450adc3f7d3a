# Draws throughput-table-type.svg from throughput-table-type.csv: run `gnuplot throughput-table-type.gp` in this directory.
set terminal svg size 960,600 noenhanced font 'Arial,15' background '#FFFFFF' name 'lookahead'
set output 'throughput-table-type.svg'
set encoding utf8
set datafile separator comma
set datafile missing ''
set title "Measured throughput against table size, sweep 'table-type'" font 'Arial,17'
set border 3 linewidth 1.2 linecolor '#404040'
set tics nomirror out textcolor '#202020'
set grid linecolor '#E4E4E4' linetype 1 linewidth 1
set bars small
set xlabel "Size of all tables"
set logscale x 2
set xrange [11955965.103055127:379625062.49700624]
set xtics ('16 MiB' 16777216, '32 MiB' 33554432, '64 MiB' 67108864, '128 MiB' 134217728, '256 MiB' 268435456)
set title offset 0,0.5
set tmargin 3.8
set arrow from 33554432, graph 0 to 33554432, graph 1 nohead back dashtype 3 linewidth 1.5 linecolor '#707070'
set label "L3 32 MiB" at 33554432, graph 1.03 center font 'Arial,13' textcolor '#505050'
set yrange [0:79781.21644610734]
set ytics ('0' 0.0, '20 k' 20000.0, '40 k' 40000.0, '60 k' 60000.0)
set ylabel 'Throughput (tokens/s)'
set bmargin 5.90
set key at screen 0.5, screen 0.015 bottom center horizontal maxcols 2 samplen 2.5 spacing 1.15 font 'Arial,14'
plot 'throughput-table-type.csv' skip 1 using ($1 == 1 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#0072B2' linewidth 2 pointtype 7 pointsize 0.9 title "lookup, 1 thread, best of all settings", \
  18012.11508228801 with lines linecolor '#0072B2' linewidth 2 dashtype 2 title "dense, 1 thread"
