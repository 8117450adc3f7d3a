# Draws bandwidth-all-threads.svg from bandwidth-all-threads.csv: run `gnuplot bandwidth-all-threads.gp` in this directory.
set terminal svg size 960,600 noenhanced font 'Arial,15' background '#FFFFFF' name 'lookahead'
set output 'bandwidth-all-threads.svg'
set encoding utf8
set datafile separator comma
set datafile missing ''
set title "Measured sequential bandwidth, 2 threads" font 'Arial,17'
set border 3 linewidth 1.2 linecolor '#404040'
set tics nomirror out textcolor '#202020'
set grid linecolor '#E4E4E4' linetype 1 linewidth 1
set bars small
set xlabel "Working set of all threads"
set logscale x 2
set xrange [11585.237502960394:379625062.49700624]
set xtics ('16 KiB' 16384, '64 KiB' 65536, '256 KiB' 262144, '1 MiB' 1048576, '4 MiB' 4194304, '16 MiB' 16777216, '64 MiB' 67108864, '256 MiB' 268435456)
set logscale y 10
set yrange [12.754128538227288:452.9531892363079]
set ytics ('20' 20.0, '50' 50.0, '100' 100.0, '200' 200.0)
set ylabel "Bandwidth (GB/s)"
set title offset 0,0.5
set tmargin 3.8
set arrow from 65536, graph 0 to 65536, graph 1 nohead back dashtype 3 linewidth 1.5 linecolor '#707070'
set label "2 x L1 64 KiB" at 65536, graph 1.03 center font 'Arial,13' textcolor '#505050'
set arrow from 1048576, graph 0 to 1048576, graph 1 nohead back dashtype 3 linewidth 1.5 linecolor '#707070'
set label "2 x L2 1 MiB" at 1048576, graph 1.03 center font 'Arial,13' textcolor '#505050'
set arrow from 33554432, graph 0 to 33554432, graph 1 nohead back dashtype 3 linewidth 1.5 linecolor '#707070'
set label "L3 32 MiB" at 33554432, graph 1.03 center font 'Arial,13' textcolor '#505050'
set bmargin 7.20
set key at screen 0.5, screen 0.015 bottom center horizontal maxcols 3 samplen 2.5 spacing 1.15 font 'Arial,14'
plot 'bandwidth-all-threads.csv' skip 1 using ($1 == 1 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#0072B2' linewidth 2 pointtype 7 pointsize 0.9 title "read", \
  'bandwidth-all-threads.csv' skip 1 using ($1 == 2 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#D55E00' linewidth 2 pointtype 5 pointsize 0.9 title "write", \
  'bandwidth-all-threads.csv' skip 1 using ($1 == 3 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#009E73' linewidth 2 pointtype 9 pointsize 0.9 title "copy, read + written", \
  'bandwidth-all-threads.csv' skip 1 using ($1 == 4 ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines linecolor '#CC79A7' linewidth 2 pointtype 13 pointsize 0.9 title "non-temporal write"
