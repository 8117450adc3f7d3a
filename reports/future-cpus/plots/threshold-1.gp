# Draws threshold-1.svg from threshold-1.csv: run `gnuplot threshold-1.gp` in this directory.
set terminal svg size 960,600 noenhanced font 'Arial,15' background '#FFFFFF' name 'lookahead'
set output 'threshold-1.svg'
set encoding utf8
set datafile separator comma
set datafile missing ''
set title "Modelled: speed-up over dense (times), from epyc-9755" font 'Arial,17'
set border 3 linewidth 1.2 linecolor '#404040'
set tics nomirror out textcolor '#202020'
set grid linecolor '#E4E4E4' linetype 1 linewidth 1
set bars small
set xlabel "L2 capacity of one instance"
set logscale x 2
set xrange [46340.950011841574:23726566.40606289]
set xtics ('64 KiB' 65536, '128 KiB' 131072, '256 KiB' 262144, '512 KiB' 524288, '1 MiB' 1048576, '2 MiB' 2097152, '4 MiB' 4194304, '8 MiB' 8388608, '16 MiB' 16777216)
set title offset 0,0.5
set tmargin 3.8
set arrow from 1048576.0, graph 0 to 1048576.0, graph 1 nohead back dashtype 3 linewidth 1.5 linecolor '#707070'
set label "epyc-9755: 1MiB" at 1048576.0, graph 1.03 center font 'Arial,13' textcolor '#505050'
set ylabel "Modelled speed-up over dense (times)"
set yrange [0:*]
set bmargin 8.50
set key at screen 0.5, screen 0.015 bottom center horizontal maxcols 3 samplen 2.5 spacing 1.15 font 'Arial,14'
plot 'threshold-1.csv' skip 1 using ($1 == 1 ? $2 : NaN):3 with lines linecolor '#0072B2' linewidth 2 title "rows=64 d=512 1 thread", \
  'threshold-1.csv' skip 1 using ($1 == 2 ? $2 : NaN):3 with lines linecolor '#D55E00' linewidth 2 title "rows=64 d=512 8 threads", \
  'threshold-1.csv' skip 1 using ($1 == 3 ? $2 : NaN):3 with lines linecolor '#009E73' linewidth 2 title "rows=256 d=512 1 thread", \
  'threshold-1.csv' skip 1 using ($1 == 4 ? $2 : NaN):3 with lines linecolor '#CC79A7' linewidth 2 title "rows=256 d=512 8 threads", \
  'threshold-1.csv' skip 1 using ($1 == 5 ? $2 : NaN):3 with lines linecolor '#E69F00' linewidth 2 title "rows=1024 d=512 1 thread", \
  'threshold-1.csv' skip 1 using ($1 == 6 ? $2 : NaN):3 with lines linecolor '#56B4E9' linewidth 2 title "rows=1024 d=512 8 threads", \
  2.0 with lines linecolor '#404040' dashtype 3 title "asked for: 2", \
  4.0 with lines linecolor '#404040' dashtype 4 title "asked for: 4"
