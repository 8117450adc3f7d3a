# Draws pareto-1.svg from pareto-1.csv: run `gnuplot pareto-1.gp` in this directory.
set terminal svg size 960,600 noenhanced font 'Arial,15' background '#FFFFFF' name 'lookahead'
set output 'pareto-1.svg'
set encoding utf8
set datafile separator comma
set datafile missing ''
set title "Modelled: pareto speedup l2 bandwidth, from epyc-9755" font 'Arial,17'
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
set bmargin 9.80
set key at screen 0.5, screen 0.015 bottom center horizontal maxcols 2 samplen 2.5 spacing 1.15 font 'Arial,14'
plot 'pareto-1.csv' skip 1 using ($1 == 0 ? $2 : NaN):3 with points linecolor '#C8C8C8' pointtype 7 pointsize 0.3 title "all machines tried", \
  'pareto-1.csv' skip 1 using ($1 == 1 ? $2 : NaN):3 with points linecolor '#0072B2' pointtype 7 pointsize 0.8 title "rows=64 d=512 1 thread, beaten by none", \
  'pareto-1.csv' skip 1 using ($1 == 2 ? $2 : NaN):3 with points linecolor '#D55E00' pointtype 5 pointsize 0.8 title "rows=64 d=512 8 threads, beaten by none", \
  'pareto-1.csv' skip 1 using ($1 == 3 ? $2 : NaN):3 with points linecolor '#009E73' pointtype 9 pointsize 0.8 title "rows=256 d=512 1 thread, beaten by none", \
  'pareto-1.csv' skip 1 using ($1 == 4 ? $2 : NaN):3 with points linecolor '#CC79A7' pointtype 13 pointsize 0.8 title "rows=256 d=512 8 threads, beaten by none", \
  'pareto-1.csv' skip 1 using ($1 == 5 ? $2 : NaN):3 with points linecolor '#E69F00' pointtype 11 pointsize 0.8 title "rows=1024 d=512 1 thread, beaten by none", \
  'pareto-1.csv' skip 1 using ($1 == 6 ? $2 : NaN):3 with points linecolor '#56B4E9' pointtype 6 pointsize 0.8 title "rows=1024 d=512 8 threads, beaten by none"
