# Draws throughput-group-prefetch.svg from throughput-group-prefetch.csv: run `gnuplot throughput-group-prefetch.gp` in this directory.
set terminal svg size 960,600 noenhanced font 'Arial,15' background '#FFFFFF' name 'lookahead'
set output 'throughput-group-prefetch.svg'
set encoding utf8
set datafile separator comma
set datafile missing ''
set title "Measured throughput against table size, sweep 'group-prefetch'" font 'Arial,17'
set border 3 linewidth 1.2 linecolor '#404040'
set tics nomirror out textcolor '#202020'
set grid linecolor '#E4E4E4' linetype 1 linewidth 1
set bars small
set xlabel "Size of all tables"
set logscale x 2
set xrange [47453132.81212577:379625062.49700624]
set xtics ('64 MiB' 67108864, '128 MiB' 134217728, '256 MiB' 268435456)
set yrange [0:76784.24265184035]
set ytics ('0' 0.0, '20 k' 20000.0, '40 k' 40000.0, '60 k' 60000.0)
set ylabel 'Throughput (tokens/s)'
set bmargin 11.1
set key at screen 0.5, screen 0.015 bottom center horizontal maxcols 2 samplen 2.5 spacing 1.15 font 'Arial,14'
plot 'throughput-group-prefetch.csv' skip 1 using ($1 == 1 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#0072B2' linewidth 2 pointtype 7 pointsize 0.9 title "lookup, 1 thread, sliced/512/32x8/g-on", \
  'throughput-group-prefetch.csv' skip 1 using ($1 == 2 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#D55E00' linewidth 2 pointtype 5 pointsize 0.9 title "lookup, 1 thread, sliced/512/32x8/g-off", \
  'throughput-group-prefetch.csv' skip 1 using ($1 == 3 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#009E73' linewidth 2 pointtype 9 pointsize 0.9 title "lookup, 1 thread, sliced/2048/32x8/g-on", \
  'throughput-group-prefetch.csv' skip 1 using ($1 == 4 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#CC79A7' linewidth 2 pointtype 13 pointsize 0.9 title "lookup, 1 thread, sliced/2048/32x8/g-off", \
  'throughput-group-prefetch.csv' skip 1 using ($1 == 5 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#E69F00' linewidth 2 pointtype 11 pointsize 0.9 title "lookup, 1 thread, sliced/512/32x4/g-on", \
  'throughput-group-prefetch.csv' skip 1 using ($1 == 6 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#56B4E9' linewidth 2 pointtype 6 pointsize 0.9 title "lookup, 1 thread, sliced/512/32x4/g-off", \
  'throughput-group-prefetch.csv' skip 1 using ($1 == 7 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#000000' linewidth 2 pointtype 4 pointsize 0.9 title "lookup, 1 thread, sliced/2048/32x4/g-on", \
  'throughput-group-prefetch.csv' skip 1 using ($1 == 8 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#7F7F7F' linewidth 2 pointtype 8 pointsize 0.9 title "lookup, 1 thread, sliced/2048/32x4/g-off", \
  18012.11508228801 with lines linecolor '#000000' linewidth 2 dashtype 2 title "dense, 1 thread"
