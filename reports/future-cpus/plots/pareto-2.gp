# Draws pareto-2.svg from pareto-2.csv: run `gnuplot pareto-2.gp` in this directory.
set terminal svg size 960,600 noenhanced font 'Arial,15' background '#FFFFFF' name 'lookahead'
set output 'pareto-2.svg'
set encoding utf8
set datafile separator comma
set datafile missing ''
set title "Modelled: pareto speedup l2 bandwidth, from xeon-6980p" font 'Arial,17'
set border 3 linewidth 1.2 linecolor '#404040'
set tics nomirror out textcolor '#202020'
set grid linecolor '#E4E4E4' linetype 1 linewidth 1
set bars small
set xlabel "L2 capacity of one instance"
set logscale x 2
set xrange [92681.90002368315:47453132.81212578]
set xtics ('128 KiB' 131072, '256 KiB' 262144, '512 KiB' 524288, '1 MiB' 1048576, '2 MiB' 2097152, '4 MiB' 4194304, '8 MiB' 8388608, '16 MiB' 16777216, '32 MiB' 33554432)
set title offset 0,0.5
set tmargin 3.8
set arrow from 2097152.0, graph 0 to 2097152.0, graph 1 nohead back dashtype 3 linewidth 1.5 linecolor '#707070'
set label "xeon-6980p: 2MiB" at 2097152.0, graph 1.03 center font 'Arial,13' textcolor '#505050'
set ylabel "Modelled speed-up over dense (times)"
set yrange [0:*]
set bmargin 9.80
set key at screen 0.5, screen 0.015 bottom center horizontal maxcols 2 samplen 2.5 spacing 1.15 font 'Arial,14'
plot 'pareto-2.csv' skip 1 using ($1 == 0 ? $2 : NaN):3 with points linecolor '#C8C8C8' pointtype 7 pointsize 0.3 title "all machines tried", \
  'pareto-2.csv' skip 1 using ($1 == 1 ? $2 : NaN):3 with points linecolor '#0072B2' pointtype 7 pointsize 0.8 title "rows=64 d=512 1 thread, beaten by none", \
  'pareto-2.csv' skip 1 using ($1 == 2 ? $2 : NaN):3 with points linecolor '#D55E00' pointtype 5 pointsize 0.8 title "rows=64 d=512 8 threads, beaten by none", \
  'pareto-2.csv' skip 1 using ($1 == 3 ? $2 : NaN):3 with points linecolor '#009E73' pointtype 9 pointsize 0.8 title "rows=256 d=512 1 thread, beaten by none", \
  'pareto-2.csv' skip 1 using ($1 == 4 ? $2 : NaN):3 with points linecolor '#CC79A7' pointtype 13 pointsize 0.8 title "rows=256 d=512 8 threads, beaten by none", \
  'pareto-2.csv' skip 1 using ($1 == 5 ? $2 : NaN):3 with points linecolor '#E69F00' pointtype 11 pointsize 0.8 title "rows=1024 d=512 1 thread, beaten by none", \
  'pareto-2.csv' skip 1 using ($1 == 6 ? $2 : NaN):3 with points linecolor '#56B4E9' pointtype 6 pointsize 0.8 title "rows=1024 d=512 8 threads, beaten by none"
