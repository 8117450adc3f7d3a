# Draws throughput-pages.svg from throughput-pages.csv: run `gnuplot throughput-pages.gp` in this directory.
set terminal svg size 960,600 noenhanced font 'Arial,15' background '#FFFFFF' name 'lookahead'
set output 'throughput-pages.svg'
set encoding utf8
set datafile separator comma
set datafile missing ''
set title "Measured throughput against table size, sweep 'pages'" font 'Arial,17'
set border 3 linewidth 1.2 linecolor '#404040'
set tics nomirror out textcolor '#202020'
set grid linecolor '#E4E4E4' linetype 1 linewidth 1
set bars small
set xlabel "Size of all tables"
set logscale x 2
set xrange [47453132.81212577:379625062.49700624]
set xtics ('64 MiB' 67108864, '128 MiB' 134217728, '256 MiB' 268435456)
set yrange [0:78026.34358883776]
set ytics ('0' 0.0, '20 k' 20000.0, '40 k' 40000.0, '60 k' 60000.0)
set ylabel 'Throughput (tokens/s)'
set bmargin 9.80
set key at screen 0.5, screen 0.015 bottom center horizontal maxcols 2 samplen 2.5 spacing 1.15 font 'Arial,14'
plot 'throughput-pages.csv' skip 1 using ($1 == 1 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#0072B2' linewidth 2 pointtype 7 pointsize 0.9 title "lookup, 1 thread, thp, token/2048", \
  'throughput-pages.csv' skip 1 using ($1 == 2 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#D55E00' linewidth 2 pointtype 5 pointsize 0.9 title "lookup, 1 thread, thp, sliced/2048/32x8", \
  'throughput-pages.csv' skip 1 using ($1 == 3 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#009E73' linewidth 2 pointtype 9 pointsize 0.9 title "lookup, 1 thread, thp, sliced/2048/32x4", \
  'throughput-pages.csv' skip 1 using ($1 == 4 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#CC79A7' linewidth 2 pointtype 13 pointsize 0.9 title "lookup, 1 thread, 4k, token/2048", \
  'throughput-pages.csv' skip 1 using ($1 == 5 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#E69F00' linewidth 2 pointtype 11 pointsize 0.9 title "lookup, 1 thread, 4k, sliced/2048/32x8", \
  'throughput-pages.csv' skip 1 using ($1 == 6 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#56B4E9' linewidth 2 pointtype 6 pointsize 0.9 title "lookup, 1 thread, 4k, sliced/2048/32x4", \
  18012.11508228801 with lines linecolor '#000000' linewidth 2 dashtype 2 title "dense, 1 thread"
