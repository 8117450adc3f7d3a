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
set xrange [5973.6380874639535:11863283.203031445]
set xtics ('8 KiB' 8192, '16 KiB' 16384, '32 KiB' 32768, '64 KiB' 65536, '128 KiB' 131072, '256 KiB' 262144, '512 KiB' 524288, '1 MiB' 1048576, '2 MiB' 2097152, '4 MiB' 4194304, '8 MiB' 8388608)
set title offset 0,0.5
set tmargin 3.8
set arrow from 32768, graph 0 to 32768, graph 1 nohead back dashtype 3 linewidth 1.5 linecolor '#707070'
set label "L1 32 KiB" at 32768, graph 1.03 center font 'Arial,13' textcolor '#505050'
set arrow from 524288, graph 0 to 524288, graph 1 nohead back dashtype 3 linewidth 1.5 linecolor '#707070'
set label "L2 512 KiB" at 524288, graph 1.03 center font 'Arial,13' textcolor '#505050'
set yrange [0:2518333.0352351996]
set ytics ('0' 0.0, '500 k' 500000.0, '1 M' 1000000.0, '1.5 M' 1500000.0, '2 M' 2000000.0, '2.5 M' 2500000.0)
set ylabel 'Throughput (tokens/s)'
set bmargin 7.20
set key at screen 0.5, screen 0.015 bottom center horizontal maxcols 2 samplen 2.5 spacing 1.15 font 'Arial,14'
plot 'throughput-lookup.csv' skip 1 using ($1 == 1 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#0072B2' linewidth 2 pointtype 7 pointsize 0.9 title "lookup, 1 thread, best of all settings", \
  'throughput-lookup.csv' skip 1 using ($1 == 2 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#D55E00' linewidth 2 pointtype 5 pointsize 0.9 title "lookup, 2 threads, best of all settings", \
  231509.42790493462 with lines linecolor '#0072B2' linewidth 2 dashtype 2 title "dense, 1 thread", \
  300148.5500831857 with lines linecolor '#D55E00' linewidth 2 dashtype 3 title "dense, 2 threads"
