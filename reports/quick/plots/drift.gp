# Draws drift.svg from drift.csv: run `gnuplot drift.gp` in this directory.
set terminal svg size 960,600 noenhanced font 'Arial,15' background '#FFFFFF' name 'lookahead'
set output 'drift.svg'
set encoding utf8
set datafile separator comma
set datafile missing ''
set title "Measured speed of the machine between points" font 'Arial,17'
set border 3 linewidth 1.2 linecolor '#404040'
set tics nomirror out textcolor '#202020'
set grid linecolor '#E4E4E4' linetype 1 linewidth 1
set bars small
set xlabel 'Time since the run began (s)'
set xrange [0:129.1]
set ylabel 'Speed relative to the median'
set yrange [0.7840:1.224]
set bmargin 5.90
set key at screen 0.5, screen 0.015 bottom center horizontal maxcols 3 samplen 2.5 spacing 1.15 font 'Arial,14'
plot 'drift.csv' skip 1 using ($1 == 1 ? $2 : NaN):3 with linespoints linecolor '#0072B2' linewidth 1.5 pointtype 7 pointsize 0.5 title "compute", \
  'drift.csv' skip 1 using ($1 == 2 ? $2 : NaN):3 with linespoints linecolor '#D55E00' linewidth 1.5 pointtype 5 pointsize 0.5 title "memory", \
  0.9 with lines linecolor '#7F7F7F' dashtype 3 title 'threshold', \
  1.1 with lines linecolor '#7F7F7F' dashtype 3 notitle
