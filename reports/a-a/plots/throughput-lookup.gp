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
set xrange [94130.0547115532:23726566.40606289]
set xtics ('128 KiB' 131072, '256 KiB' 262144, '512 KiB' 524288, '1 MiB' 1048576, '2 MiB' 2097152, '4 MiB' 4194304, '8 MiB' 8388608, '16 MiB' 16777216)
set title offset 0,0.5
set tmargin 3.8
set arrow from 524288, graph 0 to 524288, graph 1 nohead back dashtype 3 linewidth 1.5 linecolor '#707070'
set label "L2 512 KiB" at 524288, graph 1.03 center font 'Arial,13' textcolor '#505050'
set yrange [0:444034.4694371516]
set ytics ('0' 0.0, '100 k' 100000.0, '200 k' 200000.0, '300 k' 300000.0, '400 k' 400000.0)
set ylabel 'Throughput (tokens/s)'
set bmargin 5.90
set key at screen 0.5, screen 0.015 bottom center horizontal maxcols 2 samplen 2.5 spacing 1.15 font 'Arial,14'
plot 'throughput-lookup.csv' skip 1 using ($1 == 1 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#0072B2' linewidth 2 pointtype 7 pointsize 0.9 title "lookup, 1 thread, best of all settings", \
  64440.22338606188 with lines linecolor '#0072B2' linewidth 2 dashtype 2 title "dense, 1 thread"
