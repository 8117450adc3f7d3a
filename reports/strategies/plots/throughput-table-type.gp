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
set xrange [747247.8189409454:379625062.49700624]
set xtics ('1 MiB' 1048576, '2 MiB' 2097152, '4 MiB' 4194304, '8 MiB' 8388608, '16 MiB' 16777216, '32 MiB' 33554432, '64 MiB' 67108864, '128 MiB' 134217728, '256 MiB' 268435456)
set title offset 0,0.5
set tmargin 3.8
set arrow from 1048576, graph 0 to 1048576, graph 1 nohead back dashtype 3 linewidth 1.5 linecolor '#707070'
set label "L2 1 MiB" at 1048576, graph 1.03 center font 'Arial,13' textcolor '#505050'
set arrow from 33554432, graph 0 to 33554432, graph 1 nohead back dashtype 3 linewidth 1.5 linecolor '#707070'
set label "L3 32 MiB" at 33554432, graph 1.03 center font 'Arial,13' textcolor '#505050'
set yrange [0:392625.6851407962]
set ytics ('0' 0.0, '100 k' 100000.0, '200 k' 200000.0, '300 k' 300000.0)
set ylabel 'Throughput (tokens/s)'
set bmargin 9.80
set key at screen 0.5, screen 0.015 bottom center horizontal maxcols 2 samplen 2.5 spacing 1.15 font 'Arial,14'
plot 'throughput-table-type.csv' skip 1 using ($1 == 1 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#0072B2' linewidth 2 pointtype 7 pointsize 0.9 title "lookup, 1 thread, fp32, token/8192", \
  'throughput-table-type.csv' skip 1 using ($1 == 2 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#D55E00' linewidth 2 pointtype 5 pointsize 0.9 title "lookup, 1 thread, fp32, sliced/8192/128x8", \
  'throughput-table-type.csv' skip 1 using ($1 == 3 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#009E73' linewidth 2 pointtype 9 pointsize 0.9 title "lookup, 1 thread, bf16, token/8192", \
  'throughput-table-type.csv' skip 1 using ($1 == 4 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#CC79A7' linewidth 2 pointtype 13 pointsize 0.9 title "lookup, 1 thread, bf16, sliced/8192/128x8", \
  'throughput-table-type.csv' skip 1 using ($1 == 5 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#E69F00' linewidth 2 pointtype 11 pointsize 0.9 title "lookup, 1 thread, int8, token/8192", \
  'throughput-table-type.csv' skip 1 using ($1 == 6 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#56B4E9' linewidth 2 pointtype 6 pointsize 0.9 title "lookup, 1 thread, int8, sliced/8192/128x8", \
  53187.65594494766 with lines linecolor '#000000' linewidth 2 dashtype 2 title "dense, 1 thread"
